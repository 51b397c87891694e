// SPDX-License-Identifier: GPL-3.0-or-later

//! Questions to the daemon of the session bus, all in one exchange.
//!
//! `GDBus` starts threads and waits for each reply, which takes longer than all else that a short command
//! does. Here, all questions are sent at once, as sd-bus does: neither dbus-daemon nor dbus-broker waits
//! for the client between the steps of the authentication; D-Bus Specification, "Authentication
//! Protocol".

use std::env;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use gio::prelude::*;
use gio::{
    Cancellable, DBusCapabilityFlags, DBusMessage, DBusMessageType, Socket, SocketFamily,
    SocketProtocol, SocketType, UnixSocketAddress,
};
use glib::Variant;

use crate::system::bus::{DAEMON, DAEMON_PATH};
use crate::system::limits;

/// The shortest message; D-Bus Specification, "Message Format".
const HEADER: usize = 16;

/// Why there are no replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAnswered {
    /// The daemon didn't answer in time.
    Late,
    /// The bus has to be asked through `GDBus`, which knows all kinds of addresses.
    Otherwise,
}

/// Asks the daemon of the session bus, and returns its replies in order: `None` for an error.
pub(crate) fn ask(questions: &[(&str, Variant)]) -> Result<Vec<Option<Variant>>, NotAnswered> {
    let until = Instant::now() + limits::SERVICE_PATIENCE;
    replies_until(until, questions).ok_or_else(|| {
        if Instant::now() >= until {
            NotAnswered::Late
        } else {
            NotAnswered::Otherwise
        }
    })
}

fn replies_until(until: Instant, questions: &[(&str, Variant)]) -> Option<Vec<Option<Variant>>> {
    let address = env::var("DBUS_SESSION_BUS_ADDRESS").ok()?;
    let mut stream = connect(&socket(&address)?)?;
    let patience = Some(limits::SERVICE_PATIENCE);
    stream.set_write_timeout(patience).ok()?;
    stream.write_all(&request(questions)?).ok()?;
    let conversation = Conversation {
        stream,
        until,
        bytes: Vec::new(),
    };
    conversation.replies(questions.len())
}

/// Connects without waiting for a daemon that takes no more connections, as the standard library would.
fn connect(address: &UnixSocketAddress) -> Option<UnixStream> {
    let (family, kind) = (SocketFamily::Unix, SocketType::Stream);
    let socket = Socket::new(family, kind, SocketProtocol::Default).ok()?;
    socket.set_timeout(1);
    SocketExt::connect(&socket, address, Cancellable::NONE).ok()?;
    let stream = UnixStream::from(socket.as_fd().try_clone_to_owned().ok()?);
    stream.set_nonblocking(false).ok()?;
    Some(stream)
}

/// The socket of the first address; D-Bus Specification, "Server Addresses".
fn socket(addresses: &str) -> Option<UnixSocketAddress> {
    let options = addresses.split(';').next()?.strip_prefix("unix:")?;
    options.split(',').find_map(|option| {
        let (name, value) = option.split_once('=')?;
        let value = glib::Uri::unescape_string(value, None)?;
        match name {
            "path" => Some(UnixSocketAddress::new(value.as_str().as_ref())),
            "abstract" => {
                let name = UnixSocketAddressPath::Abstract(value.as_bytes());
                Some(UnixSocketAddress::with_type(name))
            }
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
struct Conversation {
    stream: UnixStream,
    until: Instant,
    bytes: Vec<u8>,
}

impl Conversation {
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

    fn message(&mut self, at: &mut usize) -> Option<DBusMessage> {
        loop {
            let rest = self.bytes.get(*at..)?;
            if rest.len() >= HEADER {
                let length = usize::try_from(DBusMessage::bytes_needed(rest).ok()?).ok()?;
                if let Some(message) = rest.get(..length) {
                    *at += length;
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

    use gio::UnixSocketAddressType;

    use super::*;

    #[test]
    fn the_first_address_is_a_path_or_an_abstract_name_and_may_have_escapes() {
        let found = |address: &str| {
            let socket = socket(address)?;
            Some((socket.path_as_array()?.to_vec(), socket.address_type()))
        };
        let path = found("unix:path=/a%20b,guid=1f;unix:path=/c");
        assert_eq!(path, Some((b"/a b".to_vec(), UnixSocketAddressType::Path)));
        let name = found("unix:guid=1,abstract=/tmp/x");
        assert_eq!(
            name,
            Some((b"/tmp/x".to_vec(), UnixSocketAddressType::Abstract))
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

    /// What is understood of a daemon that sends these bytes, in two parts, and closes.
    fn understood(sent: &[u8], first: usize) -> Option<Vec<Option<Variant>>> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let conversation = Conversation {
            stream: ours,
            until: Instant::now() + limits::SERVICE_PATIENCE,
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
