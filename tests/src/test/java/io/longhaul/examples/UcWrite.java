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
import io.longhaul.verbs.ReceiveRequests;
import io.longhaul.verbs.SendRequests;
import io.longhaul.verbs.WorkCompletions;
import java.lang.foreign.Arena;

/// RDMA WRITE over an unreliable connection: into memory that the peer opened, and one receive of the peer tells it.
public final class UcWrite {
    private static final int PSN = 1;
    private static final int RIGHTS = AccessFlags.LOCAL_WRITE | AccessFlags.REMOTE_WRITE;

    public static void main(String[] args) {
        try (var arena = Arena.ofShared();
                var writer = Ends.open(args, 0);
                var owner = Ends.open(args, 1);
                var writerDomain = writer.allocateProtectionDomain();
                var ownerDomain = owner.allocateProtectionDomain();
                var sent = writer.createCompletionQueue(16, null);
                var arrived = owner.createCompletionQueue(16, null);
                var message = writerDomain.registerMemory(arena.allocateFrom("written from afar"), 0);
                var memory = ownerDomain.registerMemory(arena.allocate(4096), RIGHTS);
                var from = writerDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UC, sent, 16, 0));
                var to = ownerDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UC, arrived, 16, 16))) {
            from.toInit(0, 0);
            to.toInit(AccessFlags.REMOTE_WRITE, 0);
            from.toReadyToReceive(Ends.vector(args, 1, to), to.number(), PSN, 1024);
            to.toReadyToReceive(Ends.vector(args, 0, from), from.number(), PSN, 1024);
            from.toReadyToSend(PSN);
            to.toReadyToSend(PSN);
            // The receive has no buffer: the writer says where the bytes go, by address and remote key.
            to.postReceive(ReceiveRequests.allocate(arena, 1), 0, 1);
            var write = SendRequests.allocate(arena, 1)
                    .opcode(0, SendRequests.Opcode.WRITE_WITH_IMM)
                    .immediate(0, 7)
                    .payload(0, message, 0, (int) message.length())
                    .remoteMemory(0, memory.address() + 1000, memory.remoteKey())
                    .flags(0, SendRequests.SIGNALED);
            from.postSend(write, 0, 1);
            Ends.await(sent, WorkCompletions.allocate(arena, 1));
            var completion = Ends.await(arrived, WorkCompletions.allocate(arena, 1));
            System.out.printf("%s, immediate %d%n", memory.segment().getString(1000), completion.immediate(0));
        }
    }

    private UcWrite() {}
}
