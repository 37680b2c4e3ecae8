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
package io.longhaul.endpoint;

/// What an agent counts.
///
/// Threading: written by the agent; readers on other threads may see old values.
final class AgentCounters {
    /// Packets given to an engine.
    long receivedPackets;

    /// Packets given to the device.
    long sentPackets;

    /// Packets of no live connection, or not from the queue pair and address of its peer.
    long unknownPackets;

    /// Packets too short or too long to be one.
    long malformedPackets;

    /// Sends that completed with an error.
    long sendErrors;

    /// Turns cut short because the send queues were full.
    long sendBlocked;

    /// Times that the agent slept.
    long parks;

    /// Exceptions of the application's callbacks.
    long callbackFailures;

    @Override
    public String toString() {
        return "received=" + receivedPackets + " sent=" + sentPackets + " unknown=" + unknownPackets + " malformed="
                + malformedPackets + " sendErrors=" + sendErrors + " sendBlocked=" + sendBlocked + " parks=" + parks
                + " callbackFailures=" + callbackFailures;
    }
}
