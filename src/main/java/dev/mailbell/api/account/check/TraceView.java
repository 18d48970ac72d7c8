package dev.mailbell.api.account.check;

import dev.mailbell.mail.transcript.TranscriptLine;
import dev.mailbell.watch.AccountCommands.Traced;
import dev.mailbell.watch.check.CheckedMailbox;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A check with its dialogue, as clients see it. */
record TraceView(
        boolean ok,
        Instant startedAt,
        long durationMillis,
        List<CheckedMailbox> mailboxes,
        @Nullable AdvisedFailure failure,
        List<Line> transcript,
        long omittedLines) {

    /**
     * @param from {@code client}, {@code server} or {@code note}
     */
    record Line(long offsetMillis, String from, String text) {
        static Line of(TranscriptLine line) {
            return new Line(line.offsetMillis(), line.speaker().wireName(), line.text());
        }
    }

    static TraceView of(Traced traced) {
        return new TraceView(
                traced.code() == null,
                traced.startedAt(),
                traced.tookMillis(),
                traced.checked(),
                AdvisedFailure.of(traced.code(), traced.message()),
                traced.lines().stream().map(Line::of).toList(),
                traced.omitted());
    }
}
