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
package io.longhaul.verbs;

import org.jspecify.annotations.Nullable;

/// An open RDMA device: a NIC, Soft-RoCE, or the software device. Everything else is made from it.
///
/// Threading: resources may be made and closed on any one thread at a time. The data path (post, poll, [#progress],
/// [CompletionChannel#await]) of all queue pairs and completion queues of one device belongs to one owner thread at a
/// time; handing it over needs a happens-before edge. Only [CompletionChannel#wakeup()] may be called by everyone.
///
/// Lifecycle: children are closed before parents. Closing a parent that still has open children throws
/// [IllegalStateException] and names them; closing twice does nothing.
public interface RdmaDevice extends AutoCloseable {

    /// The name that the provider listed, for example `soft0` or `mlx5_0`.
    String name();

    /// What the device can do. Does not change while it is open.
    DeviceCapabilities capabilities();

    /// State, MTU and addresses of the port, asked anew at every call.
    PortAttributes portAttributes();

    /// Makes a protection domain: queue pairs reach only memory of their own domain.
    ProtectionDomain allocateProtectionDomain();

    /// Makes a channel on which one thread can sleep until a completion queue has something.
    CompletionChannel createCompletionChannel();

    /// Makes a completion queue.
    ///
    /// @param entries least number of completions that it must hold; the device may round up
    /// @param channel where it announces completions after [CompletionQueue#requestNotify], or null when it is
    /// polled only
    CompletionQueue createCompletionQueue(int entries, @Nullable CompletionChannel channel);

    /// Waits for something that no completion tells: a port went down, the device was removed, a queue pair broke.
    ///
    /// Threading: one thread at a time, which need not be one of the others. Closing the device meanwhile ends the
    /// wait.
    ///
    /// @param timeoutNanos longest wait; 0 only looks, negative waits without limit
    /// @return what happened, or null when time was up; always null on a device that has no such events
    /// @throws IllegalStateException when the device is closed, before or during the wait
    default @Nullable Event awaitEvent(long timeoutNanos) {
        return null;
    }

    /// An asynchronous event.
    ///
    /// @param type what happened
    /// @param number of the queue pair or the port that it happened to; 0 for others
    record Event(EventType type, int number) {}

    /// What can happen, with the numbers of `enum ibv_event_type`.
    enum EventType {
        /// A completion queue overflowed or broke: nothing more comes from it.
        COMPLETION_QUEUE_ERROR,
        /// A queue pair broke.
        QUEUE_PAIR_FATAL,
        /// The peer of a queue pair sent what it must not.
        QUEUE_PAIR_REQUEST_ERROR,
        /// The peer of a queue pair reached for what it must not.
        QUEUE_PAIR_ACCESS_ERROR,
        /// A packet came before a queue pair was ready to send: the connection stands.
        COMMUNICATION_ESTABLISHED,
        /// The send queue of a queue pair is drained.
        SEND_QUEUE_DRAINED,
        /// A queue pair moved to its other path.
        PATH_MIGRATED,
        /// A queue pair could not move to its other path.
        PATH_MIGRATION_ERROR,
        /// The device has failed or was removed: close everything, open again.
        DEVICE_FATAL,
        /// Packets can flow.
        PORT_ACTIVE,
        /// Packets can no longer flow.
        PORT_ERROR,
        /// The port has another local identifier.
        LID_CHANGE,
        /// The partition table changed.
        PARTITION_KEY_CHANGE,
        /// The subnet manager changed.
        SUBNET_MANAGER_CHANGE,
        /// A shared receive queue broke.
        SHARED_RECEIVE_QUEUE_ERROR,
        /// A shared receive queue has fewer receives left than [SharedReceiveQueue#limit] said.
        SHARED_RECEIVE_QUEUE_LIMIT,
        /// A queue pair that is in ERR has taken its last receive from a shared queue.
        LAST_RECEIVE_TAKEN,
        /// The subnet manager wants clients to register again.
        CLIENT_REREGISTER,
        /// The address table changed.
        GID_CHANGE,
        /// A work queue broke.
        WORK_QUEUE_FATAL,
        /// Something that this version does not know.
        UNKNOWN;

        private static final EventType[] BY_CODE = values();

        /// The type with a number; [#UNKNOWN] for numbers that are not known.
        public static EventType ofCode(int code) {
            return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : UNKNOWN;
        }
    }

    /// Does whatever the device needs a thread for: reads sockets, sends what is due, fills completion queues.
    ///
    /// Call it once per duty cycle. Hardware needs none of it and returns 0. [CompletionChannel#await] calls it
    /// itself, and
    /// so does [CompletionQueue#poll] on an empty queue, at least every second time: not when another queue's poll
    /// did so
    /// since the last.
    ///
    /// @param nowNanos the time of the device's clock, by default [System#nanoTime()]
    /// @return how much was done (packets sent and received); 0 means that the caller may idle
    int progress(long nowNanos);

    /// When [#progress] next has something to do that no socket announces, on the device's clock.
    ///
    /// @return a time in nanoseconds, compared by difference; [Long#MAX_VALUE] when nothing is waiting
    long nextProgressNanos();

    @Override
    void close();
}
