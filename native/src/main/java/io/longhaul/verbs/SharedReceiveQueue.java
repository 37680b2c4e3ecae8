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

/// A receive queue from which several queue pairs take: one pool of buffers instead of one for each.
///
/// Threading: posting belongs to the owner thread of the device's data path, see [RdmaDevice].
public interface SharedReceiveQueue extends AutoCloseable {

    /// How many receives it holds.
    int capacity();

    /// Posts prepared receives, as [QueuePair#postReceive] does.
    ///
    /// @return how many were accepted
    int postReceive(ReceiveRequests requests, int first, int count);

    /// Asks for an event ([RdmaDevice.EventType#SHARED_RECEIVE_QUEUE_LIMIT]) when fewer receives than this are
    /// left. Once.
    ///
    /// @param receives 1 to the capacity; 0 asks no more
    void limit(int receives);

    @Override
    void close();
}
