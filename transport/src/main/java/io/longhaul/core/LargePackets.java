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

/// Packets that are larger than every path carries: whether they arrive. When one after the other is lost while smaller
/// ones pass, the path may have become narrower without a word.
//= RFC 8899 §4.3
final class LargePackets {
    /// Losses in a row that raise the suspicion.
    private static final int SUSPICIOUS = 8;

    private final int baseIpBytes;
    private boolean arrived;
    private int lostInARow;

    /// @param baseIpBytes what every path carries
    LargePackets(int baseIpBytes) {
        this.baseIpBytes = baseIpBytes;
    }

    void onAcked(int ipBytes) {
        if (ipBytes > baseIpBytes) {
            arrived = true;
            lostInARow = 0;
        }
    }

    void onLost(int ipBytes) {
        if (ipBytes > baseIpBytes) {
            lostInARow++;
        }
    }

    /// True when one has arrived since the last call.
    boolean takeArrived() {
        final boolean result = arrived;
        arrived = false;
        return result;
    }

    /// True when so many were lost that the path should be asked; it is said once for as many losses.
    boolean takeSuspicion() {
        final boolean result = lostInARow >= SUSPICIOUS;
        if (result) {
            lostInARow = 0;
        }
        return result;
    }
}
