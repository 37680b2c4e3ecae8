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

/// Reliable connection: messages that arrive once and in order, each in a receive that the peer posted.
public final class RcSend {
    private static final int PSN = 1;
    private static final int MESSAGES = 3;

    public static void main(String[] args) {
        try (var arena = Arena.ofShared();
                var sender = Ends.open(args, 0);
                var receiver = Ends.open(args, 1);
                var senderDomain = sender.allocateProtectionDomain();
                var receiverDomain = receiver.allocateProtectionDomain();
                var sent = sender.createCompletionQueue(16, null);
                var arrived = receiver.createCompletionQueue(16, null);
                var words = senderDomain.registerMemory(arena.allocateFrom("one two three"), 0);
                var buffer = receiverDomain.registerMemory(arena.allocate(4096), AccessFlags.LOCAL_WRITE);
                var from = senderDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, sent, 16, 0));
                var to = receiverDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.RC, arrived, 16, 16))) {
            from.toInit(0, 0);
            to.toInit(0, 0);
            from.toReadyToReceive(Ends.vector(args, 1, to), to.number(), PSN, 1024);
            to.toReadyToReceive(Ends.vector(args, 0, from), from.number(), PSN, 1024);
            from.toReadyToSend(PSN);
            to.toReadyToSend(PSN);
            var receives = ReceiveRequests.allocate(arena, MESSAGES);
            for (int i = 0; i < MESSAGES; i++) {
                receives.buffer(i, buffer, i * 64, 64);
            }
            to.postReceive(receives, 0, MESSAGES);
            var sends = SendRequests.allocate(arena, MESSAGES)
                    .payload(0, words, 0, 3)
                    .payload(1, words, 4, 3)
                    .payload(2, words, 8, 5)
                    .flags(2, SendRequests.SIGNALED); // completes when the peer has acknowledged all three
            from.postSend(sends, 0, MESSAGES);
            var completions = WorkCompletions.allocate(arena, 1);
            Ends.await(sent, completions);
            for (int i = 0; i < MESSAGES; i++) {
                Ends.await(arrived, completions);
                System.out.println(buffer.segment().getString(completions.id(0) * 64));
            }
        }
    }

    private RcSend() {}
}
