package dev.mailbell.ui.account;

import dev.mailbell.mail.transcript.TranscriptLine;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A check with its dialogue.
 *
 * @param href the path of the account's page
 * @param result what came of it, in a sentence
 * @param failure the failure in words; null when it succeeded
 * @param advice what to do; null when it succeeded
 * @param text all of it as a text to be saved
 */
public record TraceView(
        String href,
        String address,
        Instant startedAt,
        String took,
        Badge outcome,
        String result,
        @Nullable String failure,
        @Nullable String advice,
        List<Line> lines,
        long omitted,
        String text) {
    public TraceView {
        lines = List.copyOf(lines);
    }

    /**
     * A line of the dialogue.
     *
     * @param offset since the beginning
     * @param kind {@code client}, {@code server} or {@code note}
     * @param who whose line it is, for people
     */
    public record Line(String offset, String kind, String who, String text) {
        static Line of(TranscriptLine line) {
            return new Line(
                    seconds(line.offsetMillis()),
                    line.speaker().wireName(),
                    switch (line.speaker()) {
                        case CLIENT -> "Mailbell";
                        case SERVER -> "Server";
                        case NOTE -> "Note";
                    },
                    line.text());
        }

        /** As a line of a text file. */
        String asText() {
            return offset + "  " + (who + "        ").substring(0, 9) + " " + text + "\n";
        }
    }

    static String seconds(long millis) {
        return "%d.%03d".formatted(millis / 1_000, millis % 1_000);
    }
}
