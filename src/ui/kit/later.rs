// SPDX-License-Identifier: GPL-3.0-or-later

//! A value that comes later, for which tasks of the main loop can wait.

use std::cell::{OnceCell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

#[derive(Debug)]
pub(crate) struct Later<T>(Rc<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    value: OnceCell<T>,
    waiting: RefCell<Vec<Waker>>,
}

impl<T> Default for Later<T> {
    fn default() -> Self {
        Self(Rc::new(Inner {
            value: OnceCell::new(),
            waiting: RefCell::default(),
        }))
    }
}

impl<T> Clone for Later<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Later<T> {
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.value.get()
    }

    /// Sets the value, unless it has been set.
    pub(crate) fn set(&self, value: T) {
        // The first one counts.
        let _ = self.0.value.set(value);
        for waiting in self.0.waiting.take() {
            waiting.wake();
        }
    }
}

impl<T: Clone> Later<T> {
    pub(crate) async fn wait(&self) -> T {
        poll_fn(|context| {
            if let Some(value) = self.get() {
                return Poll::Ready(value.clone());
            }
            let waker = context.waker().clone();
            self.0.waiting.borrow_mut().push(waker);
            Poll::Pending
        })
        .await
    }
}
