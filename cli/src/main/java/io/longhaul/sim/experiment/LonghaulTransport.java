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
package io.longhaul.sim.experiment;

import io.longhaul.ConnectionStatistics;
import io.longhaul.Grant;
import io.longhaul.Operation;
import io.longhaul.OperationStatus;
import io.longhaul.RemoteRegion;
import io.longhaul.Right;
import io.longhaul.cli.account.SenderAccount;
import io.longhaul.core.InboundMessage;
import io.longhaul.sim.Pair;
import io.longhaul.sim.Side;
import io.longhaul.sim.Timeline;
import io.longhaul.sim.Transport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Longhaul itself: both engines, with real payloads, moved by writes; exchanges are messages.
final class LonghaulTransport implements Transport {
    /// Bytes of a write of a stream: small enough for the processor's cache, so that memory is not what is
    /// measured.
    private static final long STREAM_BLOCK_BYTES = 4L << 20;
    /// Longest single write of a transfer, and longest request or answer; longer transfers are a row of shorter
    /// writes
    /// from the same memory.
    static final long MAX_SINGLE_BYTES = 256L << 20;
    private static final long MAX_BLOCK_BYTES = 64L << 20;

    private static final int MIN_OUTSTANDING = 16;
    private static final int MAX_OUTSTANDING = 4096;

    private final Pair pair;
    private final Timeline timeline;
    private final double bandwidthDelayBytes;
    private final Arena arena = Arena.ofShared();
    private @Nullable MemorySegment source;
    private @Nullable MemorySegment target;
    private @Nullable RemoteRegion region;
    private boolean streaming;
    private boolean awaitingAnswer;
    private long requestBytes;
    private long answerBytes;
    private long unposted;
    private int outstanding;
    private boolean completed;
    private String failure = "";

    /// @param bandwidthDelayBytes what the application keeps posted follows from it
    LonghaulTransport(Pair.Settings settings, Timeline timeline, double bandwidthDelayBytes) {
        this.timeline = timeline;
        this.bandwidthDelayBytes = bandwidthDelayBytes;
        pair = new Pair(settings, timeline);
    }

    @Override
    public void establish(long longestBytes) {
        pair.establish();
        final long single = longestBytes <= MAX_SINGLE_BYTES ? longestBytes : MAX_BLOCK_BYTES;
        expose(longestBytes == 0 ? STREAM_BLOCK_BYTES : single);
    }

    private void expose(long bytes) {
        final MemorySegment from = arena.allocate(bytes, 64);
        final MemorySegment to = arena.allocate(bytes, 64);
        final SplittableRandom random = new SplittableRandom(bytes);
        for (long i = 0; i + Long.BYTES <= bytes; i += Long.BYTES) {
            from.set(ValueLayout.JAVA_LONG, i, random.nextLong());
        }
        pair.server.exposed.expose("target", to, Grant.of(Right.WRITE));
        region = pair.lookup(pair.client, "target");
        source = from;
        target = to;
    }

    @Override
    public void startStream() {
        streaming = true;
        final int count =
                Math.clamp((long) (4 * bandwidthDelayBytes / STREAM_BLOCK_BYTES), MIN_OUTSTANDING, MAX_OUTSTANDING);
        while (outstanding < count) {
            post(STREAM_BLOCK_BYTES);
        }
    }

    @Override
    public void stopStream() {
        streaming = false;
    }

    @Override
    public void startTransfer(long bytes) {
        unposted = bytes;
        final long block = bytes <= region().length() ? bytes : MAX_BLOCK_BYTES;
        while (unposted > 0 && outstanding < MAX_OUTSTANDING) {
            final long next = Math.min(block, unposted);
            unposted -= next;
            post(next);
        }
    }

    @Override
    public void startExchange(long bytes, long answer) {
        requestBytes = bytes;
        answerBytes = answer;
        awaitingAnswer = true;
        pair.server.onMessage = this::onRequest;
        pair.client.onMessage = message -> {
            check(message, answerBytes);
            awaitingAnswer = false;
        };
        message(pair.client, bytes);
    }

    private void onRequest(InboundMessage request) {
        check(request, requestBytes);
        message(pair.server, answerBytes);
    }

    // Both directions carry the start of the same bytes.
    private void check(InboundMessage message, long expectedBytes) {
        final MemorySegment from = Objects.requireNonNull(source);
        if (message.length() != expectedBytes || from.asSlice(0, expectedBytes).mismatch(message.segment()) >= 0) {
            failure = "a message of " + message.length() + " bytes differs from what was sent";
        }
        message.release();
    }

    private void message(Side side, long bytes) {
        final Operation operation = new Operation()
                .timeout(Duration.ofDays(1))
                .onComplete(done -> {
                    if (done.status() != OperationStatus.SUCCESS && failure.isEmpty()) {
                        failure = "a message ended with " + done.status() + reason();
                    }
                })
                .send(Objects.requireNonNull(source), 0, bytes);
        pair.post(side, operation);
    }

    private RemoteRegion region() {
        final RemoteRegion known = region;
        if (known == null) {
            throw new IllegalStateException("nothing is exposed yet");
        }
        return known;
    }

    private void post(long bytes) {
        final MemorySegment from = source;
        if (from == null) {
            throw new IllegalStateException("there is nothing to send yet");
        }
        outstanding++;
        final Operation operation = new Operation()
                .timeout(Duration.ofDays(1))
                .onComplete(this::onComplete)
                .write(from, 0, bytes, region(), 0);
        pair.post(pair.client, operation);
    }

    private void onComplete(Operation operation) {
        outstanding--;
        completed = true;
        if (operation.status() != OperationStatus.SUCCESS) {
            if (failure.isEmpty()) {
                failure = "a write ended with " + operation.status() + reason();
            }
        } else if (streaming) {
            post(STREAM_BLOCK_BYTES);
        } else if (unposted > 0) {
            final long next = Math.min(MAX_BLOCK_BYTES, unposted);
            unposted -= next;
            post(next);
        }
    }

    private String reason() {
        return pair.client.closeReason == null ? "" : ": " + pair.client.closeReason;
    }

    @Override
    public boolean isDone() {
        return outstanding == 0 && unposted == 0 && !awaitingAnswer;
    }

    @Override
    public String failure() {
        if (failure.isEmpty() && pair.client.closed) {
            return "the connection closed" + reason();
        }
        return failure;
    }

    @Override
    public void verify() {
        final MemorySegment from = source;
        final MemorySegment to = target;
        if (from == null || to == null || !completed) {
            return;
        }
        final long differs = from.mismatch(to);
        if (differs >= 0) {
            throw new IllegalStateException("byte " + differs + " of the target differs from what was sent");
        }
    }

    private ConnectionStatistics statistics() {
        return pair.client.engine.statistics(timeline.nowNanos());
    }

    // An exchange costs what both sides send.
    private boolean answers() {
        return answerBytes > 0;
    }

    private ConnectionStatistics answering() {
        return pair.server.engine.statistics(timeline.nowNanos());
    }

    @Override
    public long deliveredBytes() {
        return answering().payloadReceivedBytes();
    }

    @Override
    public long retransmittedBytes() {
        return statistics().retransmittedBytes() + (answers() ? answering().retransmittedBytes() : 0);
    }

    @Override
    public long parityBytes() {
        return statistics().parityBytes() + (answers() ? answering().parityBytes() : 0);
    }

    @Override
    public long sentBytes() {
        return statistics().payloadSentBytes() + (answers() ? answering().payloadSentBytes() : 0);
    }

    @Override
    public long spuriousPackets() {
        return statistics().spuriousPackets() + (answers() ? answering().spuriousPackets() : 0);
    }

    @Override
    public long sentPackets() {
        return statistics().sentPackets() + (answers() ? answering().sentPackets() : 0);
    }

    @Override
    public SenderAccount account() {
        final SenderAccount requests = SenderAccount.of(statistics());
        return answers() ? requests.plus(SenderAccount.of(answering())) : requests;
    }

    @Override
    public int payloadBytesPerPacket() {
        return statistics().payloadBytesPerPacket();
    }

    @Override
    public int ipBytesPerPacket() {
        return statistics().ipBytesPerPacket();
    }

    @Override
    public String phase() {
        return statistics().congestionPhase();
    }

    @Override
    public long windowBytes() {
        return statistics().congestionWindowBytes();
    }

    @Override
    public long traceHash() {
        return pair.traceHash();
    }

    @Override
    public void close() {
        pair.close();
        arena.close();
    }
}
