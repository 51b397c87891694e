// SPDX-License-Identifier: GPL-3.0-or-later

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::keepers::apport::{self, Apport};
use super::keepers::coredump;
use super::*;

struct Crashes {
    folder: TempDir,
    places: Vec<Place>,
}

impl Crashes {
    fn new() -> Self {
        Self::of(&Apport)
    }

    fn of(keeper: &'static dyn Keeper) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            keeper,
            folder: folder.path().to_owned(),
        };
        Self {
            folder,
            places: vec![place],
        }
    }

    fn add(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, content).unwrap();
        file
    }

    /// Adds a file that was modified some seconds after a fixed time.
    fn add_at(&self, name: &str, content: &str, seconds: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
        File::options()
            .write(true)
            .open(self.add(name, content))
            .unwrap()
            .set_modified(time)
            .unwrap();
    }

    fn list(&self) -> Vec<Report> {
        let mut reports: Vec<_> = list(&self.places, Depth::Programs)
            .map(Result::unwrap)
            .collect();
        reports.sort_by(|a, b| a.id.cmp(&b.id));
        reports
    }

    fn one(&self) -> Report {
        let mut reports = self.list();
        assert_eq!(reports.len(), 1, "{reports:?}");
        reports.remove(0)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

fn fields(report: &Report) -> Vec<Field> {
    let mut fields = Vec::new();
    report
        .read(&mut |field| {
            fields.push(field);
            Reading::GoOn
        })
        .unwrap();
    fields
}

fn parse(bytes: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    apport::read_from(bytes, &mut |field| {
        fields.push(field);
        Reading::GoOn
    })
    .unwrap();
    fields
}

fn named(name: &str, text: &str) -> Field {
    Field {
        name: Some(name.to_owned()),
        content: Content::Text {
            text: text.to_owned(),
            cut: false,
        },
    }
}

/// As `problem_report.py` writes it: the header, the compressed data and the end on separate lines.
fn packed(name: &str, bytes: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    let all = encoder.finish().unwrap();
    let mut lines = format!("{name}: base64\n");
    for part in [&all[..10], &all[10..all.len() - 8], &all[all.len() - 8..]] {
        let line = glib::base64_encode(part);
        lines.push_str(&[" ", &line, "\n"].concat());
    }
    lines
}

#[test]
fn a_report_is_listed_once_with_its_program_and_all_of_its_files() {
    let crashes = Crashes::new();
    crashes.add_at(
        "_usr_bin_some_program.1000.crash",
        "ProblemType: Crash\nExecutablePath: /usr/bin/some_program\n",
        0,
    );
    crashes.add_at("_usr_bin_some_program.1000.upload", "", 1);
    let report = crashes.one();
    assert_eq!(report.id, "apport:_usr_bin_some_program.1000");
    assert_eq!(report.program, "/usr/bin/some_program");
    assert_eq!(report.program_name(), "some_program");
    assert_eq!(report.time, 1_700_000_000);
    assert_eq!(report.size, 57);
    assert_eq!(report.files.len(), 2);
    assert!(report.readable && report.deletable && report.has_content);
    assert_eq!(
        Report::find(&crashes.places, &report.id).unwrap(),
        Some(report)
    );
}

#[test]
fn the_marks_that_are_newer_say_what_becomes_of_a_report() {
    let state = |files: &[(&str, u64)]| {
        let crashes = Crashes::new();
        for (end, seconds) in files {
            let content = if *end == "crash" {
                "ProblemType: Crash\n"
            } else {
                ""
            };
            crashes.add_at(&format!("_bin_x.0.{end}"), content, *seconds);
        }
        crashes.one().state
    };
    assert_eq!(state(&[("crash", 0)]), State::Waiting);
    assert_eq!(state(&[("crash", 0), ("upload", 1)]), State::Marked);
    // Marked while an older report existed, whose mark Apport doesn't renew.
    assert_eq!(state(&[("crash", 2), ("upload", 1)]), State::Marked);
    let all = |upload, uploaded| [("crash", 5), ("upload", upload), ("uploaded", uploaded)];
    assert_eq!(state(&all(6, 7)), State::Sent);
    assert_eq!(state(&all(6, 6)), State::Sent);
    // The program has failed again.
    assert_eq!(state(&all(1, 2)), State::Waiting);
    // It is to be sent again.
    assert_eq!(state(&all(7, 2)), State::Marked);
    assert_eq!(state(&[("uploaded", 1)]), State::Sent);
    assert_eq!(state(&[("upload", 0), ("uploaded", 1)]), State::Sent);
    assert_eq!(state(&[("upload", 0)]), State::Mark);
}

#[test]
fn what_apport_has_emptied_is_deleted_and_only_its_mark_is_left() {
    let crashes = Crashes::new();
    crashes.add("_bin_x.0.crash", "");
    assert!(crashes.list().is_empty());
    crashes.add("_bin_x.0.uploaded", "");
    let report = crashes.one();
    assert!(!report.has_content && !report.readable);
    assert!(matches!(
        report.read(&mut |_| Reading::GoOn),
        Err(Unreadable::Gone)
    ));
    report.delete().unwrap();
    assert!(crashes.names().is_empty());
}

#[test]
fn only_regular_files_are_reports_and_nothing_else_is_opened() {
    let crashes = Crashes::new();
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "ExecutablePath: /secret\n").unwrap();
    let place = crashes.folder.path();
    symlink(outside.path(), place.join("_bin_link.0.crash")).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        place.join("_bin_fifo.0.crash"),
        rustix::fs::Mode::RWXU,
    )
    .unwrap();
    fs::create_dir(place.join("_bin_folder.0.crash")).unwrap();
    fs::create_dir(place.join("202611240900")).unwrap();
    crashes.add("dump.log", "text");
    crashes.add(".crash", "text");
    assert!(crashes.list().is_empty());
    let found = Report::find(&crashes.places, "apport:_bin_link.0").unwrap();
    assert_eq!(found, None);

    // A file that replaces a report after it was listed isn't opened either.
    let file = crashes.add("_bin_x.0.crash", "ProblemType: Crash\n");
    let report = crashes.one();
    fs::remove_file(&file).unwrap();
    symlink(outside.path(), &file).unwrap();
    assert!(report.read(&mut |_| Reading::GoOn).is_err());
    report.delete().unwrap();
    assert!(outside.path().exists());
}

#[test]
fn a_mark_that_is_a_link_is_none() {
    let crashes = Crashes::new();
    crashes.add("_bin_x.0.crash", "ProblemType: Crash\n");
    symlink("/etc/passwd", crashes.folder.path().join("_bin_x.0.upload")).unwrap();
    assert_eq!(crashes.one().state, State::Waiting);
}

#[test]
fn names_with_odd_characters_are_one_plain_word_and_lead_back() {
    let crashes = Crashes::new();
    let odd = OsString::from_vec(b"_bin_a b\n\x1b[31m%41'\"$\xff.0.crash".to_vec());
    fs::write(crashes.folder.path().join(&odd), "Package: nothing 1.0\n").unwrap();
    let report = crashes.one();
    assert!(report.id.bytes().all(|byte| byte.is_ascii_graphic()));
    assert!(!report.id.contains(['\'', '"', '$', '\\']));
    assert_eq!(report.program, "nothing");
    let found = Report::find(&crashes.places, &report.id).unwrap();
    assert_eq!(found.as_ref(), Some(&report));
    assert!(!path(&report.place, &report.files[0]).contains(char::is_control));
    report.delete().unwrap();
    assert!(crashes.names().is_empty());

    for id in [
        "",
        "apport",
        "apport:",
        "apport:../x",
        "apport:%2E%2E%2Fx",
        "other:x",
        "apport:%00",
    ] {
        assert_eq!(Report::find(&crashes.places, id).unwrap(), None, "{id}");
    }
}

#[test]
fn a_file_that_names_no_program_is_called_as_its_name_says() {
    let crashes = Crashes::new();
    crashes.add("_usr_bin_gedit.1000.crash", [0xff, 0, 1, 2]);
    crashes.add("linux-image-6.1.0.0.crash", "ProblemType: KernelOops\n");
    let programs: Vec<_> = crashes.list().into_iter().map(|r| r.program).collect();
    assert_eq!(programs, ["/usr/bin/gedit", "linux-image-6.1.0"]);
}

#[test]
fn looking_at_a_list_or_a_report_is_not_taken_for_an_answer_to_apport() {
    let crashes = Crashes::new();
    let file = crashes.add("_bin_x.0.crash", "ProblemType: Crash\n");
    let before = SystemTime::now() - Duration::from_secs(90_000);
    let times = fs::FileTimes::new()
        .set_accessed(before)
        .set_modified(before);
    File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_times(times)
        .unwrap();
    let report = crashes.one();
    assert_eq!(fields(&report).len(), 1);
    let metadata = fs::metadata(&file).unwrap();
    assert_eq!(metadata.atime(), metadata.mtime());
}

#[test]
fn fields_are_read_as_apport_writes_them() {
    let mut report =
        "ProblemType: Crash\nDate: Tue Nov 24 15:00:00 2026\nEmpty: \nTwo:\n one\n \n  three\n"
            .to_owned();
    report.push_str(&packed("Text", "Größe\nline".as_bytes()));
    report.push_str(&packed("CoreDump", &vec![0; 100_000]));
    let fields = parse(report.as_bytes());
    assert_eq!(
        fields[..5],
        [
            named("ProblemType", "Crash"),
            named("Date", "Tue Nov 24 15:00:00 2026"),
            named("Empty", ""),
            named("Two", "one\n\n three"),
            named("Text", "Größe\nline"),
        ]
    );
    let Content::Binary { size, unpacked } = fields[5].content else {
        panic!("{:?}", fields[5]);
    };
    assert!(size < 1000);
    assert_eq!(unpacked, Some(100_000));
}

#[test]
fn what_is_broken_is_shown_as_far_as_it_goes() {
    // The last line has no end.
    assert_eq!(parse(b"A: 1\nB: 2"), [named("A", "1"), named("B", "2")]);
    // Lines outside any field, before and between fields.
    let fields = parse(b" x\nno field\n\nA: 1\nnone: of: these\n\xff\xfe: y\nz\nB:2\n");
    let names: Vec<_> = fields.iter().map(|field| field.name.as_deref()).collect();
    assert_eq!(names, [None, Some("A"), Some("none"), None, Some("B")]);
    assert_eq!(fields[0].content, content::text(b" x\nno field\n", false));
    // Invalid UTF-8, and control characters.
    let fields = parse(b"A: gr\xf6\xdfer\x1b[31m\nB: \xe2\x80\xaex\n");
    assert_eq!(fields[0], named("A", "gr\u{fffd}\u{fffd}er\\u{1b}[31m"));
    assert_eq!(fields[1], named("B", "\\u{202e}x"));
    // Compressed and then cut off, invalid base64, or empty.
    let whole = packed("Text", &b"some text that is long enough ".repeat(50));
    let fields = parse(&whole.as_bytes()[..whole.len() / 2]);
    assert_eq!(fields.len(), 1);
    for broken in [
        "T: base64\n ?!\n",
        "T: base64\n",
        "T: base64\n A\n",
        "T: base64\n H4sI\n",
    ] {
        let fields = parse(broken.as_bytes());
        assert_eq!(fields.len(), 1, "{broken}");
        assert_eq!(fields[0].name.as_deref(), Some("T"));
    }
    assert!(parse(b"").is_empty());
}

#[test]
fn a_few_bytes_that_unpack_to_much_are_not_unpacked_to_it() {
    let bomb = packed("Text", &vec![b'a'; 64 * 1024 * 1024]);
    assert!(bomb.len() < 200_000);
    let fields = parse(bomb.as_bytes());
    let Content::Text { text, cut } = &fields[0].content else {
        panic!("not text");
    };
    assert_eq!((text.len(), *cut), (limits::REPORT_TEXT, true));
    // An impossible size isn't reported.
    let mut lie = packed("CoreDump", &[0, 1, 2, 3]);
    let at = lie.trim_end().rfind(' ').unwrap();
    lie.replace_range(at.., &format!(" {}\n", glib::base64_encode(&[0xff; 8])));
    let fields = parse(lie.as_bytes());
    assert!(
        matches!(fields[0].content, Content::Binary { unpacked: None, .. }),
        "{fields:?}"
    );
}

#[test]
fn a_field_of_a_hundred_megabytes_and_a_million_fields_are_shown_in_part() {
    let mut fields = Vec::new();
    let mut collect = |field| {
        fields.push(field);
        Reading::GoOn
    };
    let long = io::Read::chain(
        &b"Long: "[..],
        io::Read::take(io::repeat(b'x'), 100_000_000),
    );
    let end = io::Read::chain(long, &b"\nLast: 1\n"[..]);
    apport::read_from(end, &mut collect).unwrap();
    assert_eq!(fields.len(), 2);
    assert!(
        matches!(&fields[0].content, Content::Text { text, cut: true } if text.len() == limits::REPORT_TEXT)
    );
    assert_eq!(fields[1], named("Last", "1"));

    let mut count = 0;
    let million = "A: x1\n".repeat(1_000_000);
    apport::read_from(million.as_bytes(), &mut |_| {
        count += 1;
        Reading::GoOn
    })
    .unwrap();
    assert_eq!(count, 1000);

    // The total is limited, too.
    let many = (0..100).map(|_| format!("A: {}\n", "x".repeat(200_000)));
    let kept: usize = parse(many.collect::<String>().as_bytes())
        .iter()
        .map(|field| match &field.content {
            Content::Text { text, .. } => text.len(),
            Content::Binary { .. } => 0,
        })
        .sum();
    assert!(kept <= 4 * 1024 * 1024);
}

#[test]
fn a_field_is_written_as_it_is_and_no_more_of_it_than_was_asked_for() {
    let crashes = Crashes::new();
    let mut text = "A: \u{1b}x\n".to_owned();
    text.push_str(&packed("Core", &[7; 5000]));
    text.push_str("Zst: base64\n KLUv/QQAAQ==\n Bad: base64\nCut: base64\n H4sIAAAAAAAA\n");
    crashes.add("_bin_x.0.crash", text);
    let report = crashes.one();
    let write = |name: &str, largest| {
        let mut out = Vec::new();
        let written = report.write_field(name, largest, &mut out).unwrap();
        (written, out)
    };
    assert_eq!(write("A", 100), (Some(Written::Whole), b"\x1bx".to_vec()));
    assert_eq!(write("Core", 5000), (Some(Written::Whole), vec![7; 5000]));
    assert_eq!(write("Core", 4999), (Some(Written::Cut), vec![7; 4999]));
    assert_eq!(write("Zst", 100).0, Some(Written::Broken));
    assert_eq!(write("Cut", 100).0, Some(Written::Broken));
    assert_eq!(write("None", 100).0, None);
}

#[test]
fn a_report_goes_with_its_marks_and_nothing_else_goes() {
    let crashes = Crashes::new();
    for name in ["_bin_x.0", "_bin_x.1", "_bin_x.0.more"] {
        crashes.add(&format!("{name}.crash"), "ProblemType: Crash\n");
        crashes.add(&format!("{name}.upload"), "");
    }
    let report = Report::find(&crashes.places, "apport:_bin_x.0")
        .unwrap()
        .unwrap();
    // A mark that appeared after listing.
    crashes.add("_bin_x.0.uploaded", "");
    report.delete().unwrap();
    assert_eq!(
        crashes.names(),
        [
            "_bin_x.0.more.crash",
            "_bin_x.0.more.upload",
            "_bin_x.1.crash",
            "_bin_x.1.upload",
        ]
    );
    // Deleting a missing report succeeds.
    report.delete().unwrap();
}

#[test]
fn a_report_that_another_has_taken_the_place_of_is_not_deleted() {
    let crashes = Crashes::new();
    crashes.add("_bin_x.0.crash", "ProblemType: Crash\n");
    let report = crashes.one();
    crashes.add("_bin_x.0.crash", "ProblemType: Crash\nMore: 1\n");
    crashes.add("_bin_x.0.upload", "");
    assert!(matches!(report.delete(), Err(NotDeleted::Changed)));
    assert_eq!(crashes.names().len(), 2);

    // The same for a mark without a report.
    fs::remove_file(crashes.folder.path().join("_bin_x.0.crash")).unwrap();
    let mark = crashes.one();
    assert_eq!(mark.state, State::Mark);
    crashes.add("_bin_x.0.crash", "ProblemType: Crash\n");
    assert!(matches!(mark.delete(), Err(NotDeleted::Changed)));
    assert_eq!(crashes.names().len(), 2);
}

#[test]
fn a_folder_that_is_gone_or_goes_is_no_failure_of_the_others() {
    let (gone, kept) = (Crashes::new(), Crashes::of(&coredump::SYSTEMD));
    gone.add("_bin_x.0.crash", "ProblemType: Crash\n");
    kept.add("core.vim.1000.b.1.1594211350000000.zst", "core");
    let report = gone.one();
    let places = [gone.places.clone(), kept.places.clone()].concat();
    let mut listing = list(&places, Depth::Programs);
    assert!(listing.next().unwrap().is_ok());
    let folder = gone.folder.path().to_owned();
    drop(gone);
    assert!(!folder.exists());
    let rest: Vec<_> = listing.collect();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].as_ref().unwrap().program, "vim");
    let all: Vec<_> = list(&places, Depth::Names).collect();
    assert_eq!(all.iter().filter(|report| report.is_err()).count(), 1);
    assert_eq!(count(&places), 1);
    report.delete().unwrap();
}

#[test]
fn a_report_that_goes_while_others_are_listed_is_left_out() {
    let crashes = Crashes::new();
    for number in 0..3000 {
        crashes.add(&format!("_bin_x{number}.0.crash"), "ProblemType: Crash\n");
    }
    let mut listing = list(&crashes.places, Depth::Programs);
    listing.next().unwrap().unwrap();
    for name in crashes.names() {
        fs::remove_file(crashes.folder.path().join(name)).unwrap();
    }
    assert_eq!(listing.flatten().count(), 0);
}

#[test]
fn a_core_dump_says_what_systemd_attached_or_what_its_name_says() {
    let cores = Crashes::of(&coredump::SYSTEMD);
    let name = "core.my\\x2eprogram.1000.6e19c3a9.4711.1594211350000000.zst";
    let file = cores.add(name, "core");
    let report = cores.one();
    assert_eq!(
        (report.program.as_str(), report.time),
        ("my.program", 1_594_211_350)
    );
    assert_eq!(report.state, State::Kept);
    let all = fields(&report);
    assert_eq!(all[0], named("COREDUMP_UID", "1000"));
    let core = all.last().unwrap();
    assert!(matches!(core.content, Content::Binary { size: 4, .. }));
    let attached = rustix::fs::XattrFlags::empty();
    // /tmp needs a file system with user attributes: on tmpfs, Linux 6.6 or later.
    rustix::fs::setxattr(&file, "user.coredump.exe", b"/bin/my.program", attached).unwrap();
    assert_eq!(fields(&report)[0], named("COREDUMP_EXE", "/bin/my.program"));
    let mut out = Vec::new();
    let written = report.write_field("COREDUMP", 100, &mut out).unwrap();
    assert_eq!((written, &out[..]), (Some(Written::Packed), &b"core"[..]));
    report.delete().unwrap();
    assert!(cores.names().is_empty());

    let cores = Crashes::of(&coredump::APPORT);
    cores.add("core._usr_bin_vim.1000.b.1.99", "core");
    let report = cores.one();
    assert_eq!(report.program, "/usr/bin/vim");
    assert!(report.time > 1_700_000_000);
}

#[test]
fn dates_of_the_future_and_of_long_ago_are_dates() {
    let crashes = Crashes::new();
    crashes.add_at("_bin_x.0.crash", "ProblemType: Crash\n", 3_000_000_000);
    assert_eq!(crashes.one().time, 4_700_000_000);
    for time in [i64::MIN, -1, 0, 4_700_000_000, i64::MAX] {
        assert!(!words::time(time).is_empty());
    }
}

#[test]
fn twenty_thousand_reports_are_listed_one_at_a_time() {
    let crashes = Crashes::new();
    for number in 0..20_000 {
        crashes.add(
            &format!("_usr_bin_program{number}.1000.crash"),
            "ProblemType: Crash\nExecutablePath: /usr/bin/program\n",
        );
    }
    assert_eq!(list(&crashes.places, Depth::Programs).take(3).count(), 3);
    let mut all = list(&crashes.places, Depth::Programs);
    assert!(
        all.by_ref()
            .all(|report| report.unwrap().program == "/usr/bin/program")
    );
    assert_eq!(count(&crashes.places), 20_000);
}

#[test]
fn a_report_that_is_not_to_be_sent_loses_only_its_mark() {
    let crashes = Crashes::new();
    crashes.add_at("a.1000.crash", "ExecutablePath: /usr/bin/a\n", 1);
    crashes.add_at("a.1000.upload", "", 2);
    let report = crashes.one();
    assert_eq!(report.may_keep(), Some(true));
    report.keep().unwrap();
    assert_eq!(crashes.names(), ["a.1000.crash"]);
    assert_eq!(crashes.one().state, State::Waiting);
    assert_eq!(crashes.one().may_keep(), None);
    // Whoopsie may have been faster.
    report.keep().unwrap();
    crashes.add_at("a.1000.upload", "", 2);
    crashes.add_at("a.1000.uploaded", "", 3);
    assert_eq!(crashes.one().may_keep(), None);
    crashes.one().keep().unwrap();
    assert_eq!(crashes.names().len(), 3);
}
