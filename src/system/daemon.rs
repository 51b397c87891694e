// SPDX-License-Identifier: GPL-3.0-or-later

//! Questions to the daemon of the session bus, all in one exchange.
//!
//! `GDBus` starts threads and waits for each reply, which takes longer than the rest of a short
//! command. Here, all questions are sent at once, as sd-bus does: neither dbus-daemon nor
//! dbus-broker waits for the client between the steps of the authentication; D-Bus Specification,
//! "Authentication Protocol".

use std::env;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use gio::prelude::*;
use gio::{DBusCapabilityFlags, DBusMessage, DBusMessageType};
use glib::Variant;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::system::bus::{DAEMON, DAEMON_PATH};
use crate::system::limits;

/// The shortest message; D-Bus Specification, "Message Format".
const HEADER: usize = 16;

/// The second byte of a signal; D-Bus Specification, "Message Types".
const SIGNAL: u8 = 4;

/// Why there are no replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAnswered {
    /// The daemon didn't answer in time.
    Late,
    /// Ask the bus through `GDBus` instead, which knows all kinds of addresses.
    Otherwise,
}

/// Questions that were sent to the daemon of the session bus. It answers while the caller does
/// something else.
#[derive(Debug)]
pub(crate) struct Asked {
    until: Instant,
    /// `None` if they could not be sent.
    conversation: Option<Conversation>,
    count: usize,
}

impl Asked {
    /// Asks the daemon.
    pub(crate) fn send(questions: &[(&str, Variant)]) -> Self {
        let until = Instant::now() + limits::SERVICE_PATIENCE;
        Self {
            until,
            conversation: Conversation::begin(until, questions),
            count: questions.len(),
        }
    }

    /// The replies in the order of the questions: `None` for an error.
    pub(crate) fn replies(self) -> Result<Vec<Option<Variant>>, NotAnswered> {
        let count = self.count;
        let replies = self
            .conversation
            .and_then(|conversation| conversation.replies(count));
        replies.ok_or_else(|| {
            if Instant::now() >= self.until {
                NotAnswered::Late
            } else {
                NotAnswered::Otherwise
            }
        })
    }
}

/// The socket of the first address; D-Bus Specification, "Server Addresses".
fn socket(addresses: &str) -> Option<SocketAddrUnix> {
    let options = addresses.split(';').next()?.strip_prefix("unix:")?;
    options.split(',').find_map(|option| {
        let (name, value) = option.split_once('=')?;
        let value = glib::Uri::unescape_string(value, None)?;
        match name {
            "path" => SocketAddrUnix::new(value.as_str()).ok(),
            "abstract" => SocketAddrUnix::new_abstract_name(value.as_bytes()).ok(),
            _ => None,
        }
    })
}

/// The authentication, and a call for each question after the one that every client makes first.
fn request(questions: &[(&str, Variant)]) -> Option<Vec<u8>> {
    let user = rustix::process::geteuid().as_raw().to_string();
    let mut bytes = b"\0AUTH EXTERNAL ".to_vec();
    for digit in user.bytes() {
        write!(bytes, "{digit:02x}").ok()?;
    }
    bytes.extend_from_slice(b"\r\nBEGIN\r\n");
    let hello = ("Hello", ().to_variant());
    for (serial, (method, arguments)) in (1..).zip([&hello].into_iter().chain(questions)) {
        let call = DBusMessage::new_method_call(Some(DAEMON), DAEMON_PATH, Some(DAEMON), method);
        call.set_body(arguments);
        call.set_serial(serial);
        bytes.extend_from_slice(&call.to_blob(DBusCapabilityFlags::NONE).ok()?);
    }
    Some(bytes)
}

/// What the daemon sends.
#[derive(Debug)]
struct Conversation {
    stream: UnixStream,
    until: Instant,
    bytes: Vec<u8>,
}

impl Conversation {
    /// Connects and sends everything without waiting: a daemon that takes no more connections, or
    /// so few bytes, is asked in another way.
    fn begin(until: Instant, questions: &[(&str, Variant)]) -> Option<Self> {
        let address = socket(&env::var("DBUS_SESSION_BUS_ADDRESS").ok()?)?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
        let socket = rustix::net::socket_with(family, kind, flags, None).ok()?;
        rustix::net::connect(&socket, &address).ok()?;
        let mut stream = UnixStream::from(socket);
        stream.write_all(&request(questions)?).ok()?;
        stream.set_nonblocking(false).ok()?;
        Some(Self {
            stream,
            until,
            bytes: Vec::new(),
        })
    }

    /// Waits for more.
    fn read(&mut self) -> Option<()> {
        let left = self.until.checked_duration_since(Instant::now())?;
        // Zero is no limit.
        let left = left.max(Duration::from_millis(1));
        self.stream.set_read_timeout(Some(left)).ok()?;
        let mut more = [0; 4096];
        let read = match self.stream.read(&mut more) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            read => read.ok().filter(|read| *read > 0)?,
        };
        self.bytes.extend_from_slice(more.get(..read)?);
        (self.bytes.len() <= limits::DAEMON_REPLIES).then_some(())
    }

    fn replies(mut self, count: usize) -> Option<Vec<Option<Variant>>> {
        let mut at = self.accepted()?;
        let mut replies = vec![None; count];
        let mut waiting = count;
        while waiting > 0 {
            let message = self.message(&mut at)?;
            // The call before them has the serial 1.
            let serial = usize::try_from(message.reply_serial()).ok()?;
            let Some(reply) = serial
                .checked_sub(2)
                .and_then(|place| replies.get_mut(place))
            else {
                continue;
            };
            if message.message_type() == DBusMessageType::MethodReturn {
                *reply = message.body();
            }
            waiting -= 1;
        }
        Some(replies)
    }

    /// Where the first message begins, after the line with which the daemon accepts the user.
    fn accepted(&mut self) -> Option<usize> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                return self.bytes.starts_with(b"OK ").then_some(end + 1);
            }
            self.read()?;
        }
    }

    /// Waits for the next message that isn't a signal.
    fn message(&mut self, at: &mut usize) -> Option<DBusMessage> {
        loop {
            let rest = self.bytes.get(*at..)?;
            if rest.len() >= HEADER {
                let length = usize::try_from(DBusMessage::bytes_needed(rest).ok()?).ok()?;
                if let Some(message) = rest.get(..length) {
                    *at += length;
                    if message.get(1) == Some(&SIGNAL) {
                        continue;
                    }
                    return DBusMessage::from_blob(message, DBusCapabilityFlags::NONE).ok();
                }
            }
            self.read()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_first_address_is_a_path_or_an_abstract_name_and_may_have_escapes() {
        let path = |address: &str| Some(socket(address)?.path()?.into_owned());
        let found = path("unix:path=/a%20b,guid=1f;unix:path=/c");
        assert_eq!(found.as_deref(), Some(c"/a b"));
        let name = |address: &str| Some(socket(address)?.abstract_name()?.to_vec());
        assert_eq!(
            name("unix:guid=1,abstract=/tmp/x"),
            Some(b"/tmp/x".to_vec())
        );
        for other in [
            "",
            "tcp:host=localhost",
            "unixexec:path=/bin/sh",
            "unix:dir=/tmp",
        ] {
            assert!(socket(other).is_none(), "{other}");
        }
    }

    /// The parsed replies if a daemon sends these bytes in two parts and closes the connection.
    fn understood(sent: &[u8], first: usize) -> Option<Vec<Option<Variant>>> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let conversation = Conversation {
            stream: ours,
            until: Instant::now() + Duration::from_secs(60),
            bytes: Vec::new(),
        };
        let sent = sent.to_vec();
        let daemon = thread::spawn(move || {
            let (first, rest) = sent.split_at(first.min(sent.len()));
            // The other side may stop listening before the end.
            let _ = theirs
                .write_all(first)
                .and_then(|()| theirs.write_all(rest));
        });
        let replies = conversation.replies(2);
        daemon.join().unwrap();
        replies
    }

    fn sent() -> Vec<u8> {
        let mut bytes = b"OK 1234\r\n".to_vec();
        let call = DBusMessage::new_method_call(Some(DAEMON), DAEMON_PATH, Some(DAEMON), "M");
        for serial in 1..=3 {
            call.set_serial(serial);
            let reply = if serial == 2 {
                call.new_method_error_literal("org.example.No", "no")
            } else {
                call.new_method_reply()
            };
            reply.set_body(&(format!("reply {serial}"),).to_variant());
            reply.set_serial(serial);
            bytes.extend_from_slice(&reply.to_blob(DBusCapabilityFlags::NONE).unwrap());
        }
        bytes
    }

    #[test]
    fn each_question_has_its_reply_however_the_bytes_arrive() {
        let sent = sent();
        let expected = Some(vec![None, Some(("reply 3",).to_variant())]);
        for first in 0..sent.len() {
            assert_eq!(understood(&sent, first), expected, "{first}");
        }
    }

    #[test]
    fn a_daemon_that_refuses_or_closes_or_sends_other_bytes_has_not_answered() {
        let sent = sent();
        for end in 0..sent.len() {
            assert_eq!(understood(&sent[..end], 0), None, "{end}");
        }
        for other in [
            &b"REJECTED EXTERNAL\r\n"[..],
            &[0xff; 300],
            &vec![b'a'; 100_000],
        ] {
            assert_eq!(understood(other, 0), None);
        }
        let mut broken = sent;
        broken[9] = b'x';
        assert_eq!(understood(&broken, 0), None);
    }
}
