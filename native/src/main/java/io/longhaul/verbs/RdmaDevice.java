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

    /// Does whatever the device needs a thread for: reads sockets, sends what is due, fills completion queues.
    ///
    /// Call it once per duty cycle. Hardware needs none of it and returns 0. [CompletionQueue#poll] on an empty
    /// queue and
    /// [CompletionChannel#await] call it themselves.
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
