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

import io.longhaul.ConfigurationException;

/// What a connection engine is told at its creation; the values for the peer come from bootstrap.
///
/// @param client true on the side that connected: client streams have even ids
/// @param localConnectionId id that the peer puts into its packets to us
/// @param remoteConnectionId id that we put into our packets
/// @param lanes lanes to send on, 1..64
/// @param maxPacketBytes largest packet that both devices carry, header and CRC included, bytes
/// @param basePacketBytes packet size that every path carries, bytes; path MTU probing starts here
/// @param lowerHeaderBytes bytes that the layers below add to a packet (IP, UDP, BTH, DETH, ICRC)
/// @param initialRttNanos round trip measured by bootstrap, above 0
/// @param rateHintBytesPerSecond declared rate, 0 for none
/// @param idleTimeoutNanos silence after which the connection is lost
/// @param keepAliveNanos idle time after which a probe is sent, below a third of the idle timeout
/// @param operationTimeoutNanos deadline of operations that name none
/// @param maxMemoryBytes hard cap of receive memory (messages and streams) of this connection
/// @param messageCreditBytes message credit that we give at the start
/// @param streamCreditBytes credit that we give each new stream
/// @param windowChunks receive window that we start with, a power of two
/// @param maxWindowChunks hard cap of both windows, a power of two
/// @param maxOperations operations that may be outstanding here
/// @param maxInboundReads reads of the peer that may be outstanding here
/// @param maxStreams streams that may be open
/// @param peer what the peer announced
/// @param fec when parity is sent, and what computes it
/// @param seed seeds nonces and other choices that need no secrecy
public record EngineConfig(
        boolean client,
        long localConnectionId,
        long remoteConnectionId,
        int lanes,
        int maxPacketBytes,
        int basePacketBytes,
        int lowerHeaderBytes,
        long initialRttNanos,
        long rateHintBytesPerSecond,
        long idleTimeoutNanos,
        long keepAliveNanos,
        long operationTimeoutNanos,
        long maxMemoryBytes,
        long messageCreditBytes,
        long streamCreditBytes,
        int windowChunks,
        int maxWindowChunks,
        int maxOperations,
        int maxInboundReads,
        int maxStreams,
        PeerLimits peer,
        FecConfig fec,
        long seed) {

    /// What the peer announced at bootstrap.
    ///
    /// @param messageCreditBytes message bytes that we may send at the start
    /// @param maxMessageBytes longest message that the peer accepts
    /// @param streamCreditBytes bytes that we may send on a new stream
    /// @param windowChunks chunks that we may send at the start
    /// @param maxInboundReads reads that we may have outstanding
    public record PeerLimits(
            long messageCreditBytes,
            long maxMessageBytes,
            long streamCreditBytes,
            long windowChunks,
            int maxInboundReads) {}

    /// Validates each field, then the relations between them.
    public EngineConfig {
        check(lanes >= 1 && lanes <= 64, "lanes", lanes, "1..64");
        check(basePacketBytes >= 256, "basePacketBytes", basePacketBytes, "256 and more");
        check(
                maxPacketBytes >= basePacketBytes && maxPacketBytes <= 65_000,
                "maxPacketBytes",
                maxPacketBytes,
                "basePacketBytes=" + basePacketBytes + "..65000");
        check(initialRttNanos > 0, "initialRttNanos", initialRttNanos, "above 0");
        check(rateHintBytesPerSecond >= 0, "rateHintBytesPerSecond", rateHintBytesPerSecond, "0 and more");
        check(idleTimeoutNanos > 0, "idleTimeoutNanos", idleTimeoutNanos, "above 0");
        check(
                keepAliveNanos > 0 && keepAliveNanos <= idleTimeoutNanos / 3,
                "keepAliveNanos",
                keepAliveNanos,
                "above 0 and at most a third of idleTimeoutNanos=" + idleTimeoutNanos);
        check(operationTimeoutNanos > 0, "operationTimeoutNanos", operationTimeoutNanos, "above 0");
        check(
                messageCreditBytes >= 0 && messageCreditBytes <= maxMemoryBytes,
                "messageCreditBytes",
                messageCreditBytes,
                "0..maxMemoryBytes=" + maxMemoryBytes);
        check(
                Integer.bitCount(windowChunks) == 1 && windowChunks >= 64,
                "windowChunks",
                windowChunks,
                "a power of two from 64");
        check(
                Integer.bitCount(maxWindowChunks) == 1 && maxWindowChunks >= windowChunks,
                "maxWindowChunks",
                maxWindowChunks,
                "a power of two from windowChunks=" + windowChunks);
        check(maxOperations >= 1, "maxOperations", maxOperations, "1 and more");
        check(maxInboundReads >= 1, "maxInboundReads", maxInboundReads, "1 and more");
        check(maxStreams >= 1, "maxStreams", maxStreams, "1 and more");
    }

    private static void check(boolean valid, String name, long value, String range) {
        if (!valid) {
            throw new ConfigurationException(name + "=" + value + " is out of range: " + range);
        }
    }
}
