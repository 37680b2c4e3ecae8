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

/// Unreliable datagrams: any queue pair sends to any other; a message is one packet, and may be lost.
public final class UdSend {
    private static final int QUEUE_KEY = 0x1234;

    public static void main(String[] args) {
        try (var arena = Arena.ofShared();
                var sender = Ends.open(args, 0);
                var receiver = Ends.open(args, 1);
                var senderDomain = sender.allocateProtectionDomain();
                var receiverDomain = receiver.allocateProtectionDomain();
                var sent = sender.createCompletionQueue(16, null);
                var arrived = receiver.createCompletionQueue(16, null);
                var message = senderDomain.registerMemory(arena.allocateFrom("a datagram"), 0);
                var buffer = receiverDomain.registerMemory(arena.allocate(1064), AccessFlags.LOCAL_WRITE);
                var from = senderDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, sent, 16, 0));
                var to = receiverDomain.createQueuePair(QueuePairConfig.of(QueuePair.Type.UD, arrived, 16, 16))) {
            for (QueuePair qp : new QueuePair[] {from, to}) {
                qp.toInit(0, QUEUE_KEY);
                qp.toReadyToReceive();
                qp.toReadyToSend(0);
            }
            // The receiver: a buffer for one message and the 40 bytes before it that tell where it came from.
            to.postReceive(ReceiveRequests.allocate(arena, 1).buffer(0, buffer, 0, 1064), 0, 1);
            // The sender: each request names its destination.
            try (var handle = senderDomain.createAddressHandle(Ends.vector(args, 1, to))) {
                var send = SendRequests.allocate(arena, 1)
                        .payload(0, message, 0, (int) message.length())
                        .destination(0, handle, to.number(), QUEUE_KEY)
                        .flags(0, SendRequests.SIGNALED);
                from.postSend(send, 0, 1);
                Ends.await(sent, WorkCompletions.allocate(arena, 1));
            }
            var completion = Ends.await(arrived, WorkCompletions.allocate(arena, 1));
            System.out.printf(
                    "%s, %d bytes, from queue pair %s%n",
                    buffer.segment().getString(WorkCompletions.GRH_BYTES),
                    completion.byteLength(0) - WorkCompletions.GRH_BYTES,
                    completion.sourceQueuePair(0) == from.number() ? "of the sender" : "unknown");
        }
    }

    private UdSend() {}
}
