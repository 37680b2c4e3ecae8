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
package io.longhaul.verbs;

/// How a work request ended, in the order and with the numbers of `enum ibv_wc_status`.
public enum CompletionStatus {
    /// It did what it was told.
    SUCCESS,
    /// A message was longer than the buffer or the path allows. For a send: the path MTU has shrunk.
    LOCAL_LENGTH_ERROR,
    /// The queue pair had an internal error.
    LOCAL_QUEUE_PAIR_OPERATION_ERROR,
    /// The end-to-end context had an internal error.
    LOCAL_END_TO_END_CONTEXT_ERROR,
    /// A scatter/gather entry names memory that is not registered, not long enough, or lacks the right.
    LOCAL_PROTECTION_ERROR,
    /// The queue pair went to state ERR before the request was done.
    FLUSHED,
    /// A memory window could not be bound.
    MEMORY_WINDOW_BIND_ERROR,
    /// The peer answered with something unexpected.
    BAD_RESPONSE_ERROR,
    /// A protection error on the data of an arriving RDMA WRITE with immediate.
    LOCAL_ACCESS_ERROR,
    /// The peer found the message invalid.
    REMOTE_INVALID_REQUEST_ERROR,
    /// The peer's memory may not be reached this way.
    REMOTE_ACCESS_ERROR,
    /// The peer could not do the operation.
    REMOTE_OPERATION_ERROR,
    /// The peer did not answer.
    TRANSPORT_RETRY_EXCEEDED,
    /// The peer never had a receive buffer ready.
    RNR_RETRY_EXCEEDED,
    /// Reliable datagrams only.
    LOCAL_RDD_VIOLATION_ERROR,
    /// Reliable datagrams only.
    REMOTE_INVALID_RD_REQUEST,
    /// The operation was aborted.
    ABORTED,
    /// Reliable datagrams only.
    INVALID_END_TO_END_CONTEXT_NUMBER,
    /// Reliable datagrams only.
    INVALID_END_TO_END_CONTEXT_STATE,
    /// The device failed.
    FATAL_ERROR,
    /// The device did not answer.
    RESPONSE_TIMEOUT,
    /// Something else; see the vendor error.
    GENERAL_ERROR;

    private static final CompletionStatus[] BY_CODE = values();

    /// The number of this status in `struct ibv_wc`.
    @SuppressWarnings("EnumOrdinal") // the order is that of the C enumeration
    public int code() {
        return ordinal();
    }

    /// The status with a number; [#GENERAL_ERROR] for numbers that are not known.
    public static CompletionStatus ofCode(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : GENERAL_ERROR;
    }
}
