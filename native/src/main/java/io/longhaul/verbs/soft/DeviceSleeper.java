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
package io.longhaul.verbs.soft;

import io.longhaul.linux.Poller;

/// Sleeps until a socket of the device or a wake-up event is ready, or until the event alone is.
///
/// Threading: the owner thread of the data path.
final class DeviceSleeper {
    private final Poller poller;
    private final int eventIndex;
    private final Poller alarm;
    private boolean woken;

    /// Makes a sleeper.
    ///
    /// @param poller over the descriptors of the sockets, and that of the event
    /// @param eventIndex which of them is that of the event
    /// @param alarm over that of the event alone
    DeviceSleeper(Poller poller, int eventIndex, Poller alarm) {
        this.poller = poller;
        this.eventIndex = eventIndex;
        this.alarm = alarm;
    }

    /// Sleeps.
    ///
    /// @param timeoutNanos longest sleep, negative without limit
    void sleep(long timeoutNanos) {
        woken = poller.poll(timeoutNanos) > 0 && poller.isReady(eventIndex);
    }

    /// Sleeps, whatever arrives: only the event ends it.
    ///
    /// @param timeoutNanos longest sleep
    void doze(long timeoutNanos) {
        woken = alarm.poll(timeoutNanos) > 0;
    }

    /// Has the device take what the last [#sleep] has found.
    void progress(SoftDevice device, long nowNanos) {
        device.progress(nowNanos, poller);
    }

    /// Whether the last sleep was ended by the event; asked once per sleep.
    boolean wasWoken() {
        boolean was = woken;
        woken = false;
        return was;
    }
}
