/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.core;

import java.util.concurrent.atomic.AtomicInteger;

/// Keeps memory alive while one thread uses it and another wants to free it: whoever is last frees it.
///
/// Threading: one user at a time; any thread may shut it.
final class UseGuard {
    private static final int IDLE = 0;
    private static final int BUSY = 1;
    private static final int SHUT = 2;
    private static final int SHUT_BUSY = 3;

    private final AtomicInteger state = new AtomicInteger();

    UseGuard() {}

    /// Begins a use; false when it was shut.
    boolean enter() {
        return state.compareAndSet(IDLE, BUSY);
    }

    /// Ends a use.
    ///
    /// @return true when it was shut meanwhile and the caller must free
    boolean exit() {
        if (state.compareAndSet(BUSY, IDLE)) {
            return false;
        }
        assert state.get() == SHUT_BUSY : "a use ends once";
        state.set(SHUT);
        return true;
    }

    /// Forbids further uses.
    ///
    /// @return true when the caller must free now; false when a use goes on, or it was shut before
    boolean shut() {
        while (true) {
            final int now = state.get();
            if (now == SHUT || now == SHUT_BUSY) {
                return false;
            }
            if (state.compareAndSet(now, now == IDLE ? SHUT : SHUT_BUSY)) {
                return now == IDLE;
            }
        }
    }

    /// True once it was shut.
    boolean isShut() {
        return state.get() >= SHUT;
    }
}
