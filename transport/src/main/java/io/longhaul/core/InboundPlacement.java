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

import io.longhaul.OperationStatus;
import io.longhaul.Right;
import java.util.ArrayList;
import java.util.Objects;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/// Memory that the peer may write directly: a key for each transfer, made when the peer asks before the first byte,
/// ended
/// when the last byte is here.
///
/// The bytes of a transfer are counted, however they arrive, so that the key is gone before the last chunk is
/// acknowledged, an immediate is delivered, or either application is told anything. A key is therefore given only while
/// no piece of its transfer has been seen: what came before would not be counted.
final class InboundPlacement {
    /// Transfers with a key at a time.
    static final int MAX_TRANSFERS = 1024;

    private static final class Transfer {
        final long operationId;
        final long offset;
        final long length;
        final int handle;
        final Region region;
        long receivedBytes;

        @Nullable
        Transfer next; // of the same operation

        Transfer(long operationId, long offset, long length, int handle, Region region) {
            this.operationId = operationId;
            this.offset = offset;
            this.length = length;
            this.handle = handle;
            this.region = region;
        }

        boolean contains(long at) {
            return at >= offset && at - offset < length;
        }
    }

    private final @Nullable PlacementPort port;
    private final RegionTable regions;
    private final Responses answers;
    private final Long2ObjectHashMap<Transfer> byOperation = new Long2ObjectHashMap<>();
    private @Nullable Transfer recent; // found last: the next chunk is mostly of the same
    private int transfers;
    private long begunOperationId = -1;
    private long begunOffset;
    private long oldestOperationId = Long.MAX_VALUE; // none of those with a key is older
    private long placedBytes;

    InboundPlacement(@Nullable PlacementPort port, RegionTable regions, Responses answers) {
        this.port = port;
        this.regions = regions;
        this.answers = answers;
    }

    /// False when this connection has no queue pairs for placement: the peer must not speak of it.
    boolean isEnabled() {
        return port != null;
    }

    /// The peer asks for a key; it is answered in any case.
    ///
    /// @param offset where the transfer begins in the region
    void onRequest(long nowNanos, long operationId, long regionKey, long offset, long length) {
        final PlacementPort device = port;
        final int handle = device == null
                ? PlacementPort.NONE
                : tryRegister(device, nowNanos, operationId, regionKey, offset, length);
        if (device == null || handle == PlacementPort.NONE) {
            answers.placementGrant(operationId, offset, 0, 0);
        } else {
            answers.placementGrant(operationId, offset, device.address(handle), device.key(handle));
        }
    }

    private int tryRegister(
            PlacementPort device, long nowNanos, long operationId, long regionKey, long offset, long length) {
        final boolean late = operationId < begunOperationId || operationId == begunOperationId && offset <= begunOffset;
        // Registering pins the pages on the agent's thread: what takes long is not done for a peer.
        final boolean impossible = length <= 0 || length > OutboundPlacement.TRANSFER_BYTES;
        if (late || impossible || transfers >= MAX_TRANSFERS || find(operationId, offset) != null) {
            return PlacementPort.NONE;
        }
        if (regions.check(nowNanos, regionKey, Right.WRITE, offset, length) != OperationStatus.SUCCESS) {
            return PlacementPort.NONE;
        }
        final Region region = regions.hold();
        // A key of the device cannot end by itself: what has a lifetime, or counted uses, is not given one.
        int handle = PlacementPort.NONE;
        try {
            if (!region.isBounded() && region.segment().isNative()) {
                handle = device.register(region.segment().asSlice(offset, length));
            }
        } finally {
            if (handle == PlacementPort.NONE) {
                region.endUse();
            }
        }
        if (handle == PlacementPort.NONE) {
            return PlacementPort.NONE;
        }
        final Transfer transfer = new Transfer(operationId, offset, length, handle, region);
        transfer.next = byOperation.put(operationId, transfer);
        transfers++;
        oldestOperationId = Math.min(oldestOperationId, operationId);
        return handle;
    }

    private @Nullable Transfer find(long operationId, long at) {
        if (transfers == 0) {
            return null;
        }
        final Transfer last = recent;
        if (last != null && last.operationId == operationId && last.contains(at)) {
            return last;
        }
        Transfer transfer = byOperation.get(operationId);
        while (transfer != null && !transfer.contains(at)) {
            transfer = transfer.next;
        }
        recent = transfer;
        return transfer;
    }

    /// A piece of a write begins to arrive.
    void onWriteBegun(long operationId, long offset) {
        if (operationId > begunOperationId) {
            begunOperationId = operationId;
            begunOffset = offset;
        } else if (operationId == begunOperationId) {
            begunOffset = Math.max(begunOffset, offset);
        }
    }

    /// True while bytes at an offset of a region may arrive directly.
    boolean isLive(long operationId, long at) {
        return find(operationId, at) != null;
    }

    /// Bytes of a write are in their place. Ends the key with the last ones.
    void onBytes(long operationId, long at, int bytes) {
        final Transfer transfer = find(operationId, at);
        if (transfer != null) {
            transfer.receivedBytes += bytes;
            if (transfer.receivedBytes >= transfer.length) {
                unlink(transfer);
                end(transfer);
            }
        }
    }

    /// Bytes came directly.
    void onPlaced(int bytes) {
        placedBytes += bytes;
    }

    /// Bytes that came directly.
    long placedBytes() {
        return placedBytes;
    }

    /// Transfers that have a key.
    int transfers() {
        return transfers;
    }

    private void unlink(Transfer transfer) {
        final Transfer first = Objects.requireNonNull(byOperation.get(transfer.operationId), "a transfer is linked");
        if (first == transfer) {
            if (transfer.next == null) {
                byOperation.remove(transfer.operationId);
            } else {
                byOperation.put(transfer.operationId, transfer.next);
            }
            return;
        }
        Transfer before = first;
        while (before.next != transfer) {
            before = Objects.requireNonNull(before.next, "a transfer is linked");
        }
        before.next = transfer.next;
    }

    private void end(Transfer transfer) {
        transfers--;
        if (recent == transfer) {
            recent = null;
        }
        try {
            Objects.requireNonNull(port, "keys come from a device").invalidate(transfer.handle);
        } finally {
            transfer.region.endUse();
        }
    }

    // Ends a list that is not linked any more, to its end.
    private void endAll(@Nullable Transfer first) {
        RuntimeException failure = null;
        for (Transfer transfer = first; transfer != null; transfer = transfer.next) {
            try {
                end(transfer);
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /// The operation was refused, voided or given up: its keys end.
    void onOperationEnded(long operationId) {
        if (transfers > 0) {
            endAll(byOperation.remove(operationId));
        }
    }

    /// Everything that was posted up to an operation has arrived, and the application is about to hear of it: a key
    /// that a
    /// peer asked for beyond its bytes ends now.
    void onOrdered(long operationId) {
        if (transfers == 0 || operationId < oldestOperationId) {
            return;
        }
        oldestOperationId = Long.MAX_VALUE;
        for (final Transfer first : byOperation.values().toArray(new Transfer[0])) {
            if (first.operationId <= operationId) {
                onOperationEnded(first.operationId);
            } else {
                oldestOperationId = Math.min(oldestOperationId, first.operationId);
            }
        }
    }

    /// Ends the keys of regions that were revoked.
    void dropRevoked() {
        if (transfers == 0) {
            return;
        }
        final ArrayList<Transfer> revoked = new ArrayList<>();
        byOperation.forEach((id, first) -> {
            for (Transfer transfer = first; transfer != null; transfer = transfer.next) {
                if (transfer.region.isRevoked()) {
                    revoked.add(transfer);
                }
            }
        });
        Transfer first = null;
        for (final Transfer transfer : revoked) {
            unlink(transfer);
            transfer.next = first;
            first = transfer;
        }
        endAll(first);
    }

    /// Ends all keys: the connection has ended.
    void close() {
        Transfer all = null;
        for (final Transfer first : byOperation.values()) {
            Transfer last = first;
            while (last.next != null) {
                last = last.next;
            }
            last.next = all;
            all = first;
        }
        byOperation.clear();
        endAll(all);
    }
}
