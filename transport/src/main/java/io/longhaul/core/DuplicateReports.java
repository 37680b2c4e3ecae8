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

/// Recognises needless retransmissions by the duplicates that the receiver reports (the idea of RFC 3708 and of DSACK
/// in
/// RFC 8985 §6.2).
///
/// A report says how many chunks came twice, not which. Copies and probes are expected to, retransmissions whose
/// acknowledgement came too soon are known already; each duplicate beyond those is a retransmission that was needless.
/// Packets that the path duplicates are none: the receiver drops a packet number that it has had. What a peer reports
/// beyond what was sent again is ignored.
final class DuplicateReports {
    private long expected;
    private long resent;
    private long reported;
    private long told;

    DuplicateReports() {}

    /// A chunk was sent twice on purpose.
    void expect() {
        expected++;
    }

    /// A chunk that was declared lost was sent again.
    void onResent() {
        resent++;
    }

    /// A retransmission was recognised as needless in another way: its duplicate is no news.
    void onRecognised() {
        told++;
    }

    /// The receiver reports more duplicates.
    ///
    /// @return retransmissions that are now known to have been needless
    long onReported(long more) {
        reported += more;
        final long news = Math.max(0, Math.min(reported - expected, resent) - told);
        told += news;
        return news;
    }
}
