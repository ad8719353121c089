//! Containers die, the network is cut, disks are full, certificates change. Each time the job resumes and yields the
//! exact statistics, or the command fails with the error for that fault. There is never a wrong number, nor an
//! incomplete file under a final name.

mod environment;
mod rounds;
