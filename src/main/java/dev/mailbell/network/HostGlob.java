package dev.mailbell.network;

import java.net.IDN;
import java.util.Locale;

/**
 * A pattern for host names: {@code *} matches any characters, dots included; every other character
 * matches itself. Case and one trailing dot do not matter.
 */
public final class HostGlob {
    private final String pattern;

    private HostGlob(String pattern) {
        this.pattern = pattern;
    }

    /**
     * @param glob such as {@code *.example.org}, {@code imap*.example.org} or {@code localhost}
     * @throws IllegalArgumentException when it is empty or no host could ever match it
     */
    public static HostGlob of(String glob) {
        if (glob.indexOf('*') < 0) {
            // In canonical spelling, so that an address matches in every spelling.
            return new HostGlob(Host.of(glob).toString());
        }
        String trimmed = glob.endsWith(".") ? glob.substring(0, glob.length() - 1) : glob;
        if (trimmed.isBlank() || trimmed.length() > 253 || trimmed.contains(" ")) {
            throw new IllegalArgumentException(
                    "\"" + glob + "\" is not a host pattern such as *.example.org");
        }
        boolean ascii = trimmed.chars().allMatch(c -> c < 128);
        return new HostGlob((ascii ? trimmed : toAscii(glob, trimmed)).toLowerCase(Locale.ROOT));
    }

    private static String toAscii(String glob, String trimmed) {
        try {
            return IDN.toASCII(trimmed);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("\"" + glob + "\" is not a host pattern", e);
        }
    }

    /** True when the whole of {@code host} fits the pattern. */
    public boolean matches(Host host) {
        return matches(host.toString());
    }

    // Greedy matching that backtracks to the last star only: O(n × m) for every pattern.
    private boolean matches(String text) {
        int p = 0;
        int star = -1;
        int resume = 0;
        for (int t = 0; t < text.length(); ) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                resume = t;
            } else if (p < pattern.length() && pattern.charAt(p) == text.charAt(t)) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++resume;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    @Override
    public String toString() {
        return pattern;
    }
}
