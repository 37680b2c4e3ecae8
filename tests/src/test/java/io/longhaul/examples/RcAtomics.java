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
package io.longhaul.examples;

import io.longhaul.verbs.AccessFlags;
import io.longhaul.verbs.QueuePair;
import io.longhaul.verbs.QueuePairConfig;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/// Reliable connection: atomic operations on 8 bytes of the peer's memory, done once each, whatever is lost.
public final class RcAtomics {
    private static final int PSN = 1;
    private static final int RIGHTS = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_ATOMIC;

    public static void main(String[] args) {
        try (var arena = Arena.ofShared();
                var active = Ends.open(args, 0);
                var owner = Ends.open(args, 1);
                var domain = active.allocateProtectionDomain();
                var ownerDomain = owner.allocateProtectionDomain();
                var done = active.createCompletionQueue(16, null);
                var unused = owner.createCompletionQueue(16, null);
                var before = domain.registerMemory(arena.allocate(16, 8), AccessFlags.LOCAL_WRITE);
                var counter = ownerDomain.registerMemory(arena.allocate(8, 8), RIGHTS);
                var from = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, done, 16, 0));
                var to = ownerDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, unused, 16, 0))) {
            counter.segment().set(ValueLayout.JAVA_LONG, 0, 40);
            from.toInit(0, 0);
            to.toInit(AccessFlags.REMOTE_ATOMIC, 0);
            from.toReadyToReceive(Ends.vector(args, 1, to), to.number(), PSN, 1024);
            to.toReadyToReceive(Ends.vector(args, 0, from), from.number(), PSN, 1024);
            from.toReadyToSend(PSN);
            to.toReadyToSend(PSN);
            var requests = SendRequests.allocate(arena, 2)
                    .payload(0, before, 0, 8)
                    .fetchAndAdd(0, counter.address(), counter.remoteKey(), 2)
                    .payload(1, before, 8, 8)
                    .compareAndSwap(1, counter.address(), counter.remoteKey(), 42, 100)
                    .flags(1, SendRequests.SIGNALED);
            from.postSend(requests, 0, 2);
            Ends.await(done, WorkCompletions.allocate(arena, 1));
            System.out.printf(
                    "it was %d, then %d, and is %d%n",
                    before.segment().get(ValueLayout.JAVA_LONG, 0),
                    before.segment().get(ValueLayout.JAVA_LONG, 8),
                    counter.segment().get(ValueLayout.JAVA_LONG, 0));
        }
    }

    private RcAtomics() {}
}
