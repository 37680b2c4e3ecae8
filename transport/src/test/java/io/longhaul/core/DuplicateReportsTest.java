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

import org.junit.jupiter.api.Test;

class DuplicateReportsTest {
    private final DuplicateReports reports = new DuplicateReports();

    @Test
    void aDuplicateOfARetransmissionSaysThatItWasNeedless() {
        reports.onResent();
        reports.onResent();
        assertEquals(1, reports.onReported(1));
        assertEquals(1, reports.onReported(1));
    }

    @Test
    void copiesAndProbesAreExpectedToComeTwice() {
        reports.expect();
        reports.onResent();
        assertEquals(0, reports.onReported(1));
        assertEquals(1, reports.onReported(1));
    }

    @Test
    void whatIsKnownIsNotToldAgain() {
        reports.onResent();
        reports.onRecognised();
        assertEquals(0, reports.onReported(1));
    }

    @Test
    void moreThanWasSentAgainIsNotBelieved() {
        assertEquals(0, reports.onReported(1));
        reports.onResent();
        reports.onResent();
        assertEquals(2, reports.onReported(Integer.MAX_VALUE));
        assertEquals(0, reports.onReported(1));
    }
}
