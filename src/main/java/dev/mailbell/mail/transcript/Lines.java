package dev.mailbell.mail.transcript;

import dev.mailbell.mail.transcript.TranscriptLine.Speaker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The first lines of a transcript and its last ones, of bounded number and size. */
final class Lines {
    /** Bounds of the first lines. */
    static final int FIRST_LINES = 300;

    static final int FIRST_CHARACTERS = 40_000;

    /** Bounds of the last lines. */
    static final int LAST_LINES = 200;

    static final int LAST_CHARACTERS = 24_000;

    private final List<TranscriptLine> first = new ArrayList<>();
    private final Deque<TranscriptLine> last = new ArrayDeque<>();
    private int firstCharacters;
    private int lastCharacters;
    private long omitted;

    void add(TranscriptLine line) {
        int size = line.text().length();
        if (last.isEmpty()
                && first.size() < FIRST_LINES
                && firstCharacters + size <= FIRST_CHARACTERS) {
            first.add(line);
            firstCharacters += size;
            return;
        }
        last.add(line);
        lastCharacters += size;
        while (last.size() > LAST_LINES || lastCharacters > LAST_CHARACTERS) {
            lastCharacters -= last.remove().text().length();
            omitted++;
        }
    }

    long omitted() {
        return omitted;
    }

    /** All lines, with a note where some were left out. */
    List<TranscriptLine> all() {
        List<TranscriptLine> all = new ArrayList<>(first);
        if (omitted > 0) {
            all.add(
                    new TranscriptLine(
                            last.getFirst().offsetMillis(),
                            Speaker.NOTE,
                            omitted + " lines are left out here"));
        }
        all.addAll(last);
        return all;
    }
}
