//! Containers die, the network is cut, disks are full, certificates change. Each time the job resumes and yields the
//! exact statistics, or ends with its own error. There is never a wrong number, nor an incomplete file under a final
//! name.

mod environment;
mod rounds;
