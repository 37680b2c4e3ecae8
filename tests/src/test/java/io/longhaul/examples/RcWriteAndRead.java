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

/// Reliable connection: an RDMA WRITE, then an RDMA READ of the same memory; the owner's program takes no part.
public final class RcWriteAndRead {
    private static final int PSN = 1;
    private static final int RIGHTS = AccessFlags.REMOTE_WRITE | AccessFlags.REMOTE_READ;

    public static void main(String[] args) {
        try (var arena = Arena.ofShared();
                var active = Ends.open(args, 0);
                var owner = Ends.open(args, 1);
                var domain = active.allocateProtectionDomain();
                var ownerDomain = owner.allocateProtectionDomain();
                var done = active.createCompletionQueue(16, null);
                var unused = owner.createCompletionQueue(16, null);
                var message = domain.registerMemory(arena.allocateFrom("there and back"), 0);
                var answer = domain.registerMemory(arena.allocate(4096), AccessFlags.LOCAL_WRITE);
                var memory = ownerDomain.registerMemory(arena.allocate(4096), RIGHTS | AccessFlags.LOCAL_WRITE);
                var from = domain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, done, 16, 0));
                var to = ownerDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, unused, 16, 0))) {
            from.toInit(0, 0);
            to.toInit(RIGHTS, 0);
            from.toReadyToReceive(Ends.vector(args, 1, to), to.number(), PSN, 1024);
            to.toReadyToReceive(Ends.vector(args, 0, from), from.number(), PSN, 1024);
            from.toReadyToSend(PSN);
            to.toReadyToSend(PSN);
            int bytes = (int) message.length();
            var requests = SendRequests.allocate(arena, 2)
                    .opcode(0, SendRequests.Opcode.WRITE)
                    .payload(0, message, 0, bytes)
                    .remoteMemory(0, memory.address(), memory.remoteKey())
                    .opcode(1, SendRequests.Opcode.READ)
                    .payload(1, answer, 0, bytes)
                    .remoteMemory(1, memory.address(), memory.remoteKey())
                    .flags(1, SendRequests.SIGNALED);
            // One doorbell for both. Requests are done in order, so the read finds what was written.
            from.postSend(requests, 0, 2);
            Ends.await(done, WorkCompletions.allocate(arena, 1));
            System.out.println(answer.segment().getString(0));
        }
    }

    private RcWriteAndRead() {}
}
