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

/// Unreliable connection: two queue pairs know each other; a message may be longer than a packet, and may be lost.
public final class UcSend {
    private static final int PSN = 1;
    private static final int PATH_MTU = 1024;

    public static void main(String[] args) {
        try (var arena = Arena.ofShared();
                var sender = Ends.open(args, 0);
                var receiver = Ends.open(args, 1);
                var senderDomain = sender.allocateProtectionDomain();
                var receiverDomain = receiver.allocateProtectionDomain();
                var sent = sender.createCompletionQueue(16, null);
                var arrived = receiver.createCompletionQueue(16, null);
                var message = senderDomain.registerMemory(arena.allocateFrom("long ".repeat(1000)), 0);
                var buffer = receiverDomain.registerMemory(arena.allocate(8192), AccessFlags.LOCAL_WRITE);
                var from = senderDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UC, sent, 16, 0));
                var to = receiverDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UC, arrived, 16, 16))) {
            from.toInit(0, 0);
            to.toInit(0, 0);
            from.toReadyToReceive(Ends.vector(args, 1, to), to.number(), PSN, PATH_MTU);
            to.toReadyToReceive(Ends.vector(args, 0, from), from.number(), PSN, PATH_MTU);
            from.toReadyToSend(PSN);
            to.toReadyToSend(PSN);
            to.postReceive(ReceiveRequests.allocate(arena, 1).buffer(0, buffer, 0, 8192), 0, 1);
            var send = SendRequests.allocate(arena, 1)
                    .opcode(0, SendRequests.Opcode.SEND_WITH_IMM)
                    .immediate(0, 2026)
                    .payload(0, message, 0, (int) message.length())
                    .flags(0, SendRequests.SIGNALED);
            from.postSend(send, 0, 1);
            Ends.await(sent, WorkCompletions.allocate(arena, 1));
            var completion = Ends.await(arrived, WorkCompletions.allocate(arena, 1));
            System.out.printf(
                    "%d characters, %d bytes, immediate %d%n",
                    buffer.segment().getString(0).length(), completion.byteLength(0), completion.immediate(0));
        }
    }

    private UcSend() {}
}
