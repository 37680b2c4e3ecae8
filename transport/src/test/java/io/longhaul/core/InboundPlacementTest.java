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
package io.longhaul.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.Grant;
import io.longhaul.OperationStatus;
import io.longhaul.Right;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// When keys of transfers are given, and that each of them ends.
class InboundPlacementTest {
    private static final long LENGTH = 1000;
    private static final long OPERATION = 7;

    /// A device that may refuse to register or to end.
    private static final class Port implements PlacementPort {
        final Set<Integer> live = new TreeSet<>();
        int next;
        boolean registerThrows;
        boolean invalidateThrows;

        @Override
        public int lanes() {
            return 1;
        }

        @Override
        public int maxChunkBytes() {
            return 4096;
        }

        @Override
        public int lowerHeaderBytes() {
            return 60;
        }

        @Override
        public int register(MemorySegment memory) {
            if (registerThrows) {
                throw new IllegalArgumentException("the memory's arena is closed");
            }
            live.add(next);
            return next++;
        }

        @Override
        public long address(int handle) {
            return 1 << 20;
        }

        @Override
        public int key(int handle) {
            return handle + 1;
        }

        @Override
        public void invalidate(int handle) {
            assertTrue(live.remove(handle), "handle " + handle + " is in use");
            if (invalidateThrows) {
                throw new IllegalStateException("handle " + handle);
            }
        }
    }

    /// Notes the keys that were given, 0 for none.
    private static final class Answers implements Responses {
        final List<Integer> keys = new ArrayList<>();

        @Override
        public void placementGrant(long operationId, long offset, long address, int key) {
            keys.add(key);
        }

        @Override
        public void reject(long operationId, OperationStatus status) {}

        @Override
        public void readResponse(
                long requestId, MemorySegment source, long offset, long lengthBytes, RegionTable.Lease lease) {}

        @Override
        public void atomicResponse(long requestId, long oldValue) {}

        @Override
        public void lookupAnswer(long requestId, long key, long lengthBytes, int rights) {}

        @Override
        public void streamCredit(int streamId, long limitBytes) {}

        @Override
        public void streamStop(int streamId) {}
    }

    private long nextKey = 1000;
    private final Port port = new Port();
    private final Answers answers = new Answers();
    private final ExposedRegions shared = new ExposedRegions();
    private final RegionTable regions = new RegionTable(() -> nextKey++, shared);
    private final InboundPlacement placement = new InboundPlacement(port, regions, answers);
    private final Region region =
            shared.expose("r", Arena.ofAuto().allocate(10 * LENGTH), new Grant(Set.of(Right.WRITE), null));
    private long key;

    @BeforeEach
    void lookUp() {
        final RegionTable.Granted granted = regions.lookup(1, "r");
        assertTrue(granted != null);
        key = granted.key;
    }

    private void request(long operationId, long offset) {
        placement.onRequest(1, operationId, key, offset, LENGTH);
    }

    @Test
    void endsEveryUseWhenTheDeviceFailsToEndKeys() {
        for (int i = 0; i < 3; i++) {
            request(OPERATION, i * LENGTH);
            request(OPERATION + 1, i * LENGTH);
        }
        port.invalidateThrows = true;
        region.beginRevoke(() -> {});
        assertFalse(region.isQuiesced());
        final IllegalStateException failure = assertThrows(IllegalStateException.class, placement::dropRevoked);
        assertEquals(5, failure.getSuppressed().length);
        assertEquals(Set.of(), port.live);
        assertEquals(0, placement.transfers());
        assertTrue(region.isQuiesced());
    }

    @Test
    void endsEveryUseWhenTheConnectionEnds() {
        for (int i = 0; i < 3; i++) {
            request(OPERATION, i * LENGTH);
            request(OPERATION + 1, i * LENGTH);
        }
        port.invalidateThrows = true;
        assertThrows(IllegalStateException.class, placement::close);
        placement.close();
        region.beginRevoke(() -> {});
        assertEquals(0, placement.transfers());
        assertTrue(region.isQuiesced());
    }

    @Test
    void endsTheUseWithTheLastByteWhenTheDeviceFailsToEndTheKey() {
        request(OPERATION, 0);
        port.invalidateThrows = true;
        assertThrows(IllegalStateException.class, () -> placement.onBytes(OPERATION, 0, (int) LENGTH));
        region.beginRevoke(() -> {});
        assertTrue(region.isQuiesced());
    }

    @Test
    void endsTheUseWhenTheDeviceFailsToRegister() {
        port.registerThrows = true;
        assertThrows(IllegalArgumentException.class, () -> request(OPERATION, 0));
        region.beginRevoke(() -> {});
        assertTrue(region.isQuiesced());
    }

    @Test
    void refusesATransferThatIsTooLong() {
        final MemorySegment large = MemorySegment.ofAddress(1 << 20).reinterpret(1L << 40);
        shared.expose("large", large, new Grant(Set.of(Right.WRITE), null));
        final RegionTable.Granted granted = regions.lookup(1, "large");
        assertTrue(granted != null);
        placement.onRequest(1, OPERATION, granted.key, 0, OutboundPlacement.TRANSFER_BYTES + 1);
        placement.onRequest(1, OPERATION, granted.key, 0, 1L << 40);
        placement.onRequest(1, OPERATION, granted.key, 0, OutboundPlacement.TRANSFER_BYTES);
        assertEquals(List.of(0, 0, 1), answers.keys);
    }

    @Test
    void refusesWhatBeganBeforeItWasAskedFor() {
        placement.onWriteBegun(OPERATION, LENGTH);
        request(OPERATION - 1, 0);
        request(OPERATION, 0);
        request(OPERATION, LENGTH);
        request(OPERATION, 2 * LENGTH);
        assertEquals(List.of(0, 0, 0, 1), answers.keys);
    }

    @Test
    void endsAKeyThatWasGivenBackBeforeItWasGiven() {
        placement.onOperationEnded(OPERATION);
        request(OPERATION, 0);
        assertEquals(Set.of(0), port.live);
        // The sender answers the grant of an operation that has ended with another release.
        placement.onOperationEnded(OPERATION);
        assertEquals(Set.of(), port.live);
    }

    @Test
    void endsTheTransfersOfAWriteInAnyOrder() {
        for (int i = 0; i < 3; i++) {
            request(OPERATION, i * LENGTH);
        }
        placement.onBytes(OPERATION, LENGTH, 400);
        placement.onBytes(OPERATION, 2 * LENGTH, 1);
        placement.onBytes(OPERATION, LENGTH + 400, 600);
        assertEquals(Set.of(0, 2), port.live);
        assertFalse(placement.isLive(OPERATION, LENGTH));
        assertTrue(placement.isLive(OPERATION, 0));
        placement.onBytes(OPERATION, 0, (int) LENGTH);
        assertEquals(Set.of(2), port.live);
        placement.onBytes(OPERATION, 2 * LENGTH + 1, (int) LENGTH - 1);
        assertEquals(Set.of(), port.live);
        assertEquals(0, placement.transfers());
    }

    @Test
    void endsAKeyForMoreThanTheWriteBeforeTheApplicationHearsOfIt() {
        request(OPERATION, 0);
        request(OPERATION + 1, 0);
        request(OPERATION + 5, 0);
        placement.onBytes(OPERATION, 0, 1);
        placement.onOrdered(OPERATION - 1);
        assertEquals(Set.of(0, 1, 2), port.live);
        placement.onOrdered(OPERATION + 1);
        assertEquals(Set.of(2), port.live);
        placement.onOrdered(OPERATION + 5);
        assertEquals(Set.of(), port.live);
        assertEquals(0, placement.transfers());
    }
}
