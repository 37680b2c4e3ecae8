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

/// Where finished work requests appear, in the order in which each queue finished them.
public interface CompletionQueue extends AutoCloseable {

    /// How many completions it holds.
    int capacity();

    /// Moves completions into `completions`, which forgets what it had before.
    ///
    /// @param completions the array to fill from index 0
    /// @param max most completions to take, at most the capacity of `completions`
    /// @return how many were taken, 0 when there is none now
    int poll(WorkCompletions completions, int max);

    /// Arms the queue: the next completion to arrive ends [CompletionChannel#await]. One arming, one wake-up.
    ///
    /// Completions that are there already may not count: poll once more after arming.
    ///
    /// @param solicitedOnly true to be woken only by messages that were sent with [SendRequests#SOLICITED], and by
    /// errors
    void requestNotify(boolean solicitedOnly);

    @Override
    void close();
}
