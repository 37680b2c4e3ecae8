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
package io.longhaul.cli.transfer;

/// How the bytes of a transfer are cut into blocks, and which slot each block travels through.
///
/// @param startOffset where the blocks start, bytes
/// @param sizeBytes where they end
/// @param slotBytes length of a slot, hence of every block but the last
/// @param slots number of slots; block k uses slot k mod slots
record BlockPlan(long startOffset, long sizeBytes, int slotBytes, int slots) {
    BlockPlan {
        if (startOffset < 0 || startOffset > sizeBytes || (sizeBytes > startOffset && (slotBytes < 1 || slots < 1))) {
            throw new IllegalArgumentException("no plan leads from " + startOffset + " to " + sizeBytes + " in " + slots
                    + " slots of " + slotBytes + " bytes");
        }
    }

    /// Number of blocks.
    long blocks() {
        return sizeBytes == startOffset ? 0 : (sizeBytes - startOffset - 1) / slotBytes + 1;
    }

    /// Where block k lies in the whole, bytes.
    long offsetOf(long block) {
        return startOffset + block * slotBytes;
    }

    /// Length of block k, bytes.
    int lengthOf(long block) {
        return (int) Math.min(slotBytes, sizeBytes - offsetOf(block));
    }

    /// Where the slot of block k lies in the ring, bytes.
    long slotOffsetOf(long block) {
        return (block % slots) * slotBytes;
    }
}
