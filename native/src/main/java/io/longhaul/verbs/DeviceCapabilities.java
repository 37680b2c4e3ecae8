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

import java.util.Set;

/// What a device can do, after `ibv_query_device`.
///
/// @param queuePairTypes the types that [ProtectionDomain#createQueuePair] accepts
/// @param maxQueuePairs most queue pairs at a time
/// @param maxWorkRequests most outstanding work requests of one queue, send or receive
/// @param maxSges most scatter/gather entries of one work request
/// @param maxCompletionQueueEntries most entries of one completion queue
/// @param maxMemoryRegionBytes longest memory region
/// @param maxInlineBytes longest payload of a send with [SendRequests#INLINE], 0 when inline is not supported
/// @param maxSourcePorts how many UDP source ports, hence paths under ECMP, its queue pairs spread over
/// @param anyUdpPort true when a peer may be on any UDP port; false when it is always 4791 (NICs and rxe)
/// @param survivesBrokenMessages true when a lost packet inside a multi-packet UC message costs only that message
public record DeviceCapabilities(
        Set<QueuePair.Type> queuePairTypes,
        int maxQueuePairs,
        int maxWorkRequests,
        int maxSges,
        int maxCompletionQueueEntries,
        long maxMemoryRegionBytes,
        int maxInlineBytes,
        int maxSourcePorts,
        boolean anyUdpPort,
        boolean survivesBrokenMessages) {

    /// Makes an unchangeable copy of the set.
    public DeviceCapabilities {
        queuePairTypes = Set.copyOf(queuePairTypes);
    }

    /// Whether queue pairs of a type can be made.
    public boolean supports(QueuePair.Type type) {
        return queuePairTypes.contains(type);
    }
}
