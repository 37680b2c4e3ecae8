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

/// Where one thread sleeps until a completion queue has something or another thread wakes it.
///
/// The loop that misses nothing: poll every queue until it is empty, [CompletionQueue#requestNotify] each, poll once
/// more,
/// and only if all are still empty, await.
public interface CompletionChannel extends AutoCloseable {

    /// Sleeps until an armed completion queue of this channel has a completion, [#wakeup()] was called, or time is
    /// up.
    ///
    /// Called by the owner thread of the data path only: the device makes progress inside. May return early without
    /// a
    /// cause. A wake-up that came before the call ends it at once, and is used up by it.
    ///
    /// @param timeoutNanos longest sleep; 0 looks without sleeping, negative waits without limit
    /// @return true when there was a completion or a wake-up, false when time was up
    boolean await(long timeoutNanos);

    /// As [#await(long)], but completions need not end the sleep for a while: what arrives in the meantime is taken
    /// together, as with the moderation of completion queues (`ibv_modify_cq`). A wake-up ends it at any time. A
    /// device
    /// that cannot do it does not wait for more than one completion.
    ///
    /// @param timeoutNanos as of [#await(long)]
    /// @param quietNanos how long completions may wait, 0 or less for not at all
    /// @return as [#await(long)]
    default boolean await(long timeoutNanos, long quietNanos) {
        return await(timeoutNanos);
    }

    /// Ends the present or the next [#await]. Any thread may call it, at any time, even after close.
    void wakeup();

    @Override
    void close();
}
