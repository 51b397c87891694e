// SPDX-License-Identifier: GPL-3.0-or-later

//! Direct calls of the reading half of a GSettings backend, and of what maps schemas.
//!
//! `GSettings` itself calls these virtual functions of `GSettingsBackendClass`
//! (`gio/gsettingsbackend.h`): `read` with `default_value` set skips the user's own layer,
//! `read_user_value` reads only that layer, and `get_writable` is false for a locked key. GLib has
//! no public wrappers for them, so neither have its Rust bindings.

// All unsafe code is in this file and in i18n/locale.rs.
#![allow(unsafe_code)]

use std::path::Path;
use std::ptr;

use gio::ffi::{GSettingsBackend, GSettingsBackendClass};
use glib::translate::{IntoGlib, ToGlibPtr, from_glib, from_glib_full};
use glib::{Bytes, Variant, VariantTy};

/// The layers of the storage.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layers {
    /// All layers: the value in force.
    All,
    /// All except the user's own.
    BelowUser,
    /// Only the user's own.
    User,
}

/// The stored value of a key (its path and its name in one). `None`: the schema's default applies.
///
/// As in GSettings, a value of another type counts as none.
pub(crate) fn read(
    backend: &gio::SettingsBackend,
    key: &str,
    expected: &VariantTy,
    layers: Layers,
) -> Option<Variant> {
    let instance: *mut GSettingsBackend = backend.to_glib_none().0;
    let class = class_of(backend);
    let key = key.to_glib_none();
    let expected_type = expected.to_glib_none();
    // SAFETY: the functions are called as in gio/gsettingsbackend.c: with a live instance of the
    // class, and a C string and a type that live through the call. The result is NULL or a
    // reference that the caller owns.
    let value: Option<Variant> = unsafe {
        match layers {
            Layers::All | Layers::BelowUser => {
                let below = (layers == Layers::BelowUser).into_glib();
                from_glib_full(class.read?(instance, key.0, expected_type.0, below))
            }
            Layers::User => {
                from_glib_full(class.read_user_value?(instance, key.0, expected_type.0))
            }
        }
    };
    value.filter(|value| value.type_().is_subtype_of(expected))
}

/// Whether the user may change a key.
pub(crate) fn is_writable(backend: &gio::SettingsBackend, key: &str) -> bool {
    let instance: *mut GSettingsBackend = backend.to_glib_none().0;
    let key = key.to_glib_none();
    class_of(backend).get_writable.is_none_or(|writable| {
        // SAFETY: as in `read`.
        unsafe { from_glib(writable(instance, key.0)) }
    })
}

/// Maps a file of compiled schemas, as GSettings does, instead of copying it. `None` if that fails.
pub(crate) fn mapped(file: &Path) -> Option<Bytes> {
    let name = file.to_glib_none();
    // SAFETY: the name is a C string that lives through the calls. The bytes keep the mapping alive,
    // and the file is unreferenced once. GSettings maps the same files for as long as the process
    // lives: `glib-compile-schemas` replaces them, and doesn't change them.
    unsafe {
        let file = glib::ffi::g_mapped_file_new(name.0, false.into_glib(), ptr::null_mut());
        if file.is_null() {
            return None;
        }
        let bytes = from_glib_full(glib::ffi::g_mapped_file_get_bytes(file));
        glib::ffi::g_mapped_file_unref(file);
        Some(bytes)
    }
}

fn class_of(backend: &gio::SettingsBackend) -> &GSettingsBackendClass {
    let instance: *mut GSettingsBackend = backend.to_glib_none().0;
    // SAFETY: every GObject instance begins with a pointer to its class, and that of a subclass
    // of GSettingsBackend begins with a GSettingsBackendClass. It lives as long as an instance.
    unsafe {
        let instance = instance.cast::<glib::gobject_ffi::GTypeInstance>();
        &*(*instance).g_class.cast::<GSettingsBackendClass>()
    }
}
