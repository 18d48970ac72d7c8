package dev.mailbell.mail.discovery;

import java.util.List;

/**
 * The servers that a search found, the best of each protocol first.
 *
 * @param message why there is none, and what to give instead; empty if there is one
 */
public record Candidates(List<Candidate> found, String message) {
    public Candidates {
        found = List.copyOf(found);
    }
}
