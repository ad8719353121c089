//! Reservations, changes and measurements are accounted for correctly.

use super::*;

fn used(quota: &Quota) -> u64 {
    quota.state().used
}

#[test]
fn the_sum_of_reservations_cannot_exceed_the_limit() {
    let quota = Quota::new(1000);
    let (mut first, second) = (quota.reserve(600).unwrap(), quota.reserve(300).unwrap());
    assert_eq!(quota.reserve(101).unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    assert_eq!(first.grow(101).unwrap_err().kind(), io::ErrorKind::QuotaExceeded);
    first.commit(500);
    assert_eq!((quota.free(), first.held()), (100, 100));
    drop(second);
    assert_eq!(quota.free(), 400);
    first.absorb(quota.reserve(400).unwrap());
    assert_eq!((quota.free(), first.held()), (0, 500));
    drop(first);
    assert_eq!((quota.free(), used(&quota)), (500, 500));
    quota.record(500, 0);
    assert_eq!(quota.free(), 1000);
}

#[test]
fn a_margin_is_left_to_clones_without_one() {
    let quota = Quota::new(1000);
    let others = quota.with_margin(100);
    assert_eq!((quota.free(), others.free()), (1000, 900));
    let _nearly_all = others.reserve(900).unwrap();
    assert!(others.reserve(1).is_err());
    assert!(quota.reserve(100).is_ok());
    let unlimited = Quota::unlimited().with_margin(100);
    let _unbounded = unlimited.reserve(u64::MAX).unwrap();
    assert!(unlimited.reserve(u64::MAX).is_ok() && unlimited.is_unlimited());
}

#[test]
fn a_measurement_corrects_the_total() {
    let quota = Quota::new(10_000);
    quota.measure(|| Ok(4000)).unwrap();
    assert_eq!(used(&quota), 4000);
    quota.measure(|| Ok(1000)).unwrap();
    assert_eq!(used(&quota), 1000);
    assert!(quota.measure(|| Err(io::ErrorKind::NotFound.into())).is_err());
    assert_eq!(used(&quota), 1000);
}

/// Whether or not the measurement has seen these changes.
#[test]
fn changes_during_a_measurement_are_counted_once() {
    for seen in [false, true] {
        let quota = Quota::new(100_000);
        quota.measure(|| Ok(5000)).unwrap();
        let mut upload = quota.reserve(300).unwrap();
        let measured = quota.measure(|| {
            upload.commit(200);
            upload.grow(1000).unwrap();
            upload.commit(700);
            quota.record(0, 40);
            quota.record(50, 20);
            // The measurement may also have seen bytes that are written but not committed.
            Ok(5000 + if seen { 300 + 1000 + 40 } else { 0 } - 30)
        });
        measured.unwrap();
        assert_eq!(used(&quota), 5000 + 200 + 700 + 40 - 30, "{seen}");
    }
}

#[test]
fn space_is_counted_in_whole_blocks() {
    let spaces = [0, 1, DISK_BLOCK, DISK_BLOCK + 1, u64::MAX].map(space_of);
    assert_eq!(spaces, [DISK_BLOCK, DISK_BLOCK, DISK_BLOCK, 2 * DISK_BLOCK, u64::MAX]);
}
