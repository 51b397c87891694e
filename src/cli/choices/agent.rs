// SPDX-License-Identifier: GPL-3.0-or-later

//! Polkit's agent for a terminal, which asks for a password where no desktop does.

use std::io::{self, IsTerminal as _, Read as _};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal};

/// A running agent. Dropping it ends the agent.
pub(crate) struct Agent(Child);

impl Agent {
    /// Starts an agent for this process. `None` without a terminal, for root, who needs no permission,
    /// and if no agent is installed.
    pub(crate) fn start() -> Option<Self> {
        if rustix::process::geteuid().is_root() || !io::stdin().is_terminal() {
            return None;
        }
        // As systemctl(1) does: `--fallback` lets the agent of a desktop come first. The agent talks to
        // the terminal itself, and closes the given descriptor when it is ready.
        let mut agent = Command::new("pkttyagent")
            .args(["--notify-fd", "1", "--fallback", "--process"])
            .arg(std::process::id().to_string())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        if let Some(ready) = &mut agent.stdout {
            // It also ends with the agent.
            let _ = ready.read(&mut [0]);
        }
        Some(Self(agent))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // SIGKILL would leave the terminal without echo.
        let _ = rustix::process::kill_process(Pid::from_child(&self.0), Signal::TERM);
        let _ = self.0.wait();
    }
}
