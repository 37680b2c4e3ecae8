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
package io.longhaul.core.fec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.FecPolicy;
import io.longhaul.core.fec.FecController.Choice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FecControllerTest {
    private static final long RTT = 20_000_000L;
    private static final long RATE = 12_500_000_000L; // 100 Gb/s
    private static final int CHUNK = 8860;
    private static final long MIB = 1 << 20;
    private static final int PIECE_CHUNKS = 237; // 2 MiB

    private static FecController on(FecPolicy policy, double loss, int burst, boolean congested) {
        final LossEstimator estimator = new LossEstimator();
        for (int i = 0; i < 200; i++) {
            final long lost = Math.round(loss * 160_000);
            estimator.onReport(160_000, lost, lost / burst);
        }
        final FecController controller = new FecController(policy);
        controller.onPath(estimator, RTT, RATE, congested);
        return controller;
    }

    private static Choice choose(FecController controller, long bytes) {
        final int chunks = (int) ((bytes + CHUNK - 1) / CHUNK);
        return controller.choose(bytes, bytes, bytes, chunks, 0);
    }

    @Test
    void aCleanPathNeedsNothing() {
        final FecController controller = on(FecPolicy.AUTO, 0, 1, false);
        assertEquals(Choice.OFF, choose(controller, 1));
        assertEquals(Choice.OFF, choose(controller, 64 << 10));
    }

    @Test
    void aCongestedOrVeryLossyPathGetsNoMoreLoad() {
        assertEquals(Choice.OFF, choose(on(FecPolicy.AUTO, 1e-3, 1, true), MIB));
        assertEquals(Choice.OFF, choose(on(FecPolicy.AUTO, 0.05, 1, false), MIB));
    }

    @Test
    void tinyMessagesAreSentTwice() {
        final FecController controller = on(FecPolicy.AUTO, 1e-3, 1, false);
        assertEquals(Choice.DUPLICATE, choose(controller, 100));
        assertEquals(1, controller.copies());
        final FecController lossy = on(FecPolicy.AUTO, 1e-2, 1, false);
        assertEquals(Choice.DUPLICATE, choose(lossy, 2 * CHUNK));
        assertEquals(2, lossy.copies());
    }

    @Test
    void aMessageOfOneMebibyteTakesTheLeastParityThatSuffices() {
        final FecController controller = on(FecPolicy.AUTO, 1e-3, 1, false);
        assertEquals(Choice.FULL, choose(controller, MIB));
        assertEquals(3, controller.rows());
        assertEquals(1, controller.depth());
        assertTrue(FailureOdds.ofGroup(119, 3, 1.1e-3) <= FecController.RESIDUAL);
        assertTrue(FailureOdds.ofGroup(119, 2, 1e-3) > FecController.RESIDUAL);
    }

    @Test
    void eachPieceOfALongerMessageIsProtectedForTheWholeMessage() {
        final FecController controller = on(FecPolicy.AUTO, 1e-3, 1, false);
        assertEquals(Choice.FULL, controller.choose(128 * MIB, 64 * MIB, 2 * MIB, PIECE_CHUNKS, 0));
        assertEquals(2, controller.depth());
        final double group = FailureOdds.ofGroup((PIECE_CHUNKS + 1) / 2, controller.rows(), 1.1e-3);
        assertTrue(FailureOdds.ofAny(group, 128) <= FecController.RESIDUAL, "rows " + controller.rows());
    }

    @Test
    void bulkIsProtectedAtItsEndOnly() {
        final FecController controller = on(FecPolicy.AUTO, 1e-3, 1, false);
        final long gib8 = 8192 * MIB;
        assertEquals(312_500_000L, controller.tailBytes(CHUNK));
        assertEquals(625_000_000L, on(FecPolicy.AUTO, 1e-2, 1, false).tailBytes(CHUNK));
        assertEquals(Choice.OFF, controller.choose(gib8, gib8, 2 * MIB, PIECE_CHUNKS, 0));
        assertEquals(Choice.OFF, controller.choose(gib8, 400 * MIB, 2 * MIB, PIECE_CHUNKS, 0));
        assertEquals(Choice.FULL, controller.choose(gib8, 200 * MIB, 2 * MIB, PIECE_CHUNKS, 0));
        assertEquals(Choice.FULL, controller.choose(gib8, 2 * MIB, 2 * MIB, PIECE_CHUNKS, 0));
    }

    /// A stream of messages is bulk, too: what is lost early can be sent again while the others are on their way.
    @Test
    void messagesWithMuchBehindThemAreLeftToRetransmission() {
        final FecController controller = on(FecPolicy.AUTO, 1e-3, 1, false);
        assertEquals(Choice.OFF, controller.choose(64 * MIB, 64 * MIB, 2 * MIB, PIECE_CHUNKS, 8192 * MIB));
        assertEquals(Choice.OFF, controller.choose(64 * MIB, 2 * MIB, 2 * MIB, PIECE_CHUNKS, 1024 * MIB));
        assertEquals(Choice.FULL, controller.choose(64 * MIB, 64 * MIB, 2 * MIB, PIECE_CHUNKS, 64 * MIB));
        assertEquals(Choice.FULL, controller.choose(64 * MIB, 2 * MIB, 2 * MIB, PIECE_CHUNKS, 0));
    }

    @Test
    void oneBurstInAThousandChangesHardlyAnything() {
        final FecController even = on(FecPolicy.AUTO, 1e-3, 1, false);
        choose(even, 24 * MIB);
        final LossEstimator estimator = new LossEstimator();
        for (int i = 0; i < 200; i++) {
            estimator.onReport(160_000, 160, 159);
        }
        final FecController almostEven = new FecController(FecPolicy.AUTO);
        almostEven.onPath(estimator, RTT, RATE, false);
        choose(almostEven, 24 * MIB);
        assertEquals(even.rows() * even.depth(), almostEven.rows() * almostEven.depth(), even.depth());
    }

    @Test
    void burstsAreSpreadOrGetMoreParity() {
        final FecController even = on(FecPolicy.AUTO, 1e-3, 1, false);
        choose(even, 2 * MIB);
        final int without = even.rows() * even.depth();
        final FecController bursty = on(FecPolicy.AUTO, 1e-3, 16, false);
        assertEquals(Choice.FULL, choose(bursty, 2 * MIB));
        assertTrue(bursty.rows() * bursty.depth() >= 32, "parities " + bursty.rows() * bursty.depth());
        assertTrue(without <= 8, "parities " + without);
    }

    /// Whatever the path: at most a quarter more, or four packets, and the closed form holds where less is spent.
    @Test
    void parityIsBoundedAndReachesTheResidualWhereItIsNotAtItsBound() {
        for (final double loss : new double[] {1e-5, 1e-4, 1e-3, 1e-2, 0.025}) {
            for (final int burst : new int[] {1, 4, 16}) {
                final FecController controller = on(FecPolicy.AUTO, loss, burst, false);
                for (int chunks = 1; chunks <= 1500; chunks += 1 + chunks / 7) {
                    final long bytes = (long) chunks * CHUNK;
                    final Choice choice = controller.choose(bytes, bytes, bytes, chunks, 0);
                    if (choice == Choice.FULL) {
                        check(controller, chunks);
                    }
                }
            }
        }
    }

    private static void check(FecController controller, int chunks) {
        final double loss = controller.lossFraction();
        final double burst = controller.burstPackets();
        final int parities = controller.rows() * controller.depth();
        final String where = chunks + " chunks, loss " + loss + ", burst " + burst + ": " + controller.rows() + " x "
                + controller.depth();
        final int bound = Math.max(Math.max(4, chunks / 4), FecController.leastDepth(chunks));
        assertTrue(controller.rows() >= 1 && controller.rows() <= 16, where);
        assertTrue(parities <= bound, where);
        final int groupChunks = (chunks + controller.depth() - 1) / controller.depth();
        assertTrue(groupChunks <= ReedSolomon.MAX_CHUNKS, where);
        final double group = FailureOdds.ofGroup(groupChunks, controller.rows(), loss, burst, controller.depth());
        final boolean reached = FailureOdds.ofAny(group, burst > 1 ? 1 : controller.depth()) <= FecController.RESIDUAL;
        // A burst that swallows a whole piece of a few chunks is beyond any parity that follows it at once.
        assertTrue(reached || 4 * parities > bound || chunks < 4 * burst, where);
    }

    @Test
    void policiesOverruleTheChoice() {
        assertEquals(Choice.OFF, choose(on(FecPolicy.OFF, 1e-2, 1, false), MIB));
        assertEquals(Choice.FULL, choose(on(FecPolicy.FULL, 0, 1, true), MIB));
        final FecController tail = on(FecPolicy.TAIL, 1e-3, 1, true);
        assertEquals(Choice.OFF, tail.choose(1024 * MIB, 1024 * MIB, 2 * MIB, PIECE_CHUNKS, 0));
        assertEquals(Choice.FULL, tail.choose(1024 * MIB, 2 * MIB, 2 * MIB, PIECE_CHUNKS, 0));
    }
}
