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

/// The states of a queue pair: `RESET -> INIT -> RTR -> RTS <-> SQD`, and `ERR` from everywhere.
public enum QueuePairState {
    /// Newly made, or reset: both queues are empty, nothing can be posted.
    RESET,
    /// Receives can be posted; nothing arrives yet.
    INIT,
    /// Ready to receive.
    RTR,
    /// Ready to send as well.
    RTS,
    /// The send queue is drained: posted sends wait.
    SQD,
    /// The send queue failed, receiving goes on.
    SQE,
    /// Everything posted ends as [CompletionStatus#FLUSHED].
    ERR
}
