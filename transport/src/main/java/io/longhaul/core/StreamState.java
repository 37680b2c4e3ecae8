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

import io.longhaul.core.wire.OperationFlyweight;

/// What the agent alone knows of a stream.
final class StreamState implements Piece.Owner {
    private final EngineStream stream;
    private final StreamTable table;

    // Input.
    long windowBytes;
    long receiveLimit;
    long highestOffset;
    long tuneSinceNanos;
    long tuneConsumed;
    boolean endTold;
    boolean inputStopped;
    boolean inputDone;

    // Output.
    long nextToSend;
    long sendCredit;
    int outstandingPieces;
    boolean finSent;
    boolean queued;

    /// The stream has left the table.
    boolean gone;

    StreamState(EngineStream stream, StreamTable table, long receiveWindowBytes, long sendCreditBytes) {
        this.stream = stream;
        this.table = table;
        windowBytes = receiveWindowBytes;
        receiveLimit = receiveWindowBytes;
        sendCredit = sendCreditBytes;
    }

    @Override
    public void onPieceDone(Piece piece, boolean voided) {
        outstandingPieces--;
        assert (piece.flags & OperationFlyweight.FLAG_FIN) == 0 || finSent : "the end was sent";
        table.onAcknowledged(stream, piece.ownerOffset, piece.length);
    }

    @Override
    public boolean mayRead() {
        return !stream.output.isShut();
    }
}
