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

import io.longhaul.linux.WakeupEvent;
import io.longhaul.verbs.CompletionChannel;
import io.longhaul.verbs.lifecycle.OpenChildren;

/// Sleeps on the sockets of the device, on a wake-up event, and until the emulated wire has something due.
final class SoftCompletionChannel implements CompletionChannel {
    private static final long FOREVER_NANOS = Long.MAX_VALUE;

    private final SoftDevice device;
    private final WakeupEvent event;
    private final OpenChildren users = new OpenChildren();
    private final DeviceSleeper sleeper;
    private boolean raised;
    private boolean closed;

    SoftCompletionChannel(SoftDevice device, WakeupEvent event, DeviceSleeper sleeper) {
        this.device = device;
        this.event = event;
        this.sleeper = sleeper;
    }

    @Override
    public boolean await(long timeoutNanos) {
        long now = device.now();
        long deadline = timeoutNanos < 0 ? FOREVER_NANOS : now + timeoutNanos;
        boolean looked = false;
        while (true) {
            if (event.consume(sleeper.wasWoken())) {
                raised = false;
                return true;
            }
            if (raised) {
                raised = false;
                return true;
            }
            long remaining = timeoutNanos < 0 ? FOREVER_NANOS : deadline - now;
            if (looked && remaining <= 0) {
                return false;
            }
            long due = device.nextProgressNanos();
            long untilDue = due == Long.MAX_VALUE ? FOREVER_NANOS : Math.max(0, due - now);
            long sleep = Math.min(Math.max(0, remaining), untilDue);
            // What is readable ends the sleep at once: looking before it would be one system call more.
            sleeper.sleep(sleep == FOREVER_NANOS ? -1 : sleep);
            now = device.now();
            sleeper.progress(device, now);
            looked = true;
        }
    }

    @Override
    public boolean await(long timeoutNanos, long quietNanos) {
        if (quietNanos <= 0) {
            return await(timeoutNanos);
        }
        long start = device.now();
        long now = start;
        while (now - start < quietNanos) {
            if (event.consume(sleeper.wasWoken())) {
                raised = false;
                return true;
            }
            long due = device.nextProgressNanos();
            long untilDue = due == Long.MAX_VALUE ? FOREVER_NANOS : Math.max(0, due - now);
            sleeper.doze(Math.min(quietNanos - (now - start), untilDue));
            now = device.now();
            device.sendDue(now);
        }
        return await(timeoutNanos < 0 ? timeoutNanos : Math.max(0, timeoutNanos - (now - start)));
    }

    @Override
    public void wakeup() {
        event.signal();
    }

    /// An armed queue has a completion.
    void raise() {
        raised = true;
    }

    void addUser(Object user) {
        users.add(user);
    }

    void removeUser(Object user) {
        users.remove(user);
    }

    @Override
    public void close() {
        if (!closed) {
            users.requireNone(this);
            closed = true;
            event.close();
            device.forget(this);
        }
    }

    @Override
    public String toString() {
        return "completion channel of " + device.name();
    }
}
