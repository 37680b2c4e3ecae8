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
package io.longhaul.linux;

import java.lang.foreign.Arena;

/// Lets the present thread stand back behind the others of its process: the scheduler of Linux gives a thread of
/// niceness 10 about a tenth of the processor time of one of niceness 0 when both want a processor, and all of it when
/// nobody else does. Java's own priorities have no effect on Linux.
public final class ThreadNiceness {
    private static final int PRIO_PROCESS = 0;
    private static final int PRESENT_THREAD = 0;

    private ThreadNiceness() {}

    /// Sets the niceness of the present thread, a platform thread that the caller owns.
    ///
    /// @param niceness 0..19; raising it needs no privilege
    /// @return false when the system refused, or is not Linux: the thread goes on as it was
    public static boolean set(int niceness) {
        if (Libc.unavailable().isPresent()) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            return Libc.setpriority(new Libc.CallState(arena), PRIO_PROCESS, PRESENT_THREAD, niceness) == 0;
        }
    }
}
