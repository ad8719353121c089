//! Containers die, lines are cut, disks are full, certificates change: each time a job goes on and gives the exact statistics,
//! or ends in an error of its own; there is never a wrong number, nor half a file under a final name.

mod field;
mod rounds;
