package dev.mailbell.delivery.http;

import dev.mailbell.delivery.http.PostResult.Answered;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads an answer: at most 16 KiB of its body, of which the first 1,024 bytes are kept. */
final class ResponseReader {
    private static final Logger LOG = LoggerFactory.getLogger(ResponseReader.class);
    private static final int MAX_READ = 16 * 1024;
    private static final int MAX_KEPT = 1024;
    private static final Duration MAX_RETRY_AFTER = Duration.ofDays(365);

    private static final DateTimeFormatter ASCTIME =
            DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.ENGLISH);

    private static final List<Function<String, Instant>> OTHER_DATES =
            List.of(
                    // HttpClient parses this format without a zone, and so never yields an instant.
                    value -> LocalDateTime.parse(value, ASCTIME).toInstant(ZoneOffset.UTC),
                    value ->
                            OffsetDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                                    .toInstant(),
                    value -> OffsetDateTime.parse(value).toInstant());

    private ResponseReader() {}

    /**
     * The beginning of an answer's body.
     *
     * @param whole whether the body was read to its end, so that the connection can be used again
     */
    record Body(String start, boolean whole) {}

    /** Reads the body after the head; a failure here does not change the status. */
    static Body body(ClassicHttpResponse response) {
        @Nullable HttpEntity entity = response.getEntity();
        if (entity == null) {
            return new Body("", true);
        }
        byte[] kept = new byte[MAX_KEPT];
        int length = 0;
        int total = 0;
        byte[] chunk = new byte[4096];
        boolean whole;
        try {
            // Not closed here: closing a body reads it to its end, which may be far.
            InputStream stream = entity.getContent();
            while (total < MAX_READ) {
                int n = stream.read(chunk, 0, Math.min(chunk.length, MAX_READ - total));
                if (n < 0) {
                    break;
                }
                int more = Math.min(n, MAX_KEPT - length);
                System.arraycopy(chunk, 0, kept, length, more);
                length += more;
                total += n;
            }
            whole = total < MAX_READ || stream.read() < 0;
        } catch (IOException e) {
            LOG.debug("The body of an answer is cut off: {}", e.getMessage());
            whole = false;
        }
        return new Body(text(response, Arrays.copyOf(kept, length)), whole);
    }

    private static String text(ClassicHttpResponse response, byte[] bytes) {
        @Nullable Header encoding = response.getFirstHeader(HttpHeaders.CONTENT_ENCODING);
        if (encoding != null && !encoding.getValue().equalsIgnoreCase("identity")) {
            return "(" + clean(encoding.getValue(), 40) + ", not decoded)";
        }
        CharBuffer decoded = CharBuffer.allocate(bytes.length);
        // With endOfInput = false the decoder omits a character that is cut in half.
        StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPLACE)
                .onUnmappableCharacter(CodingErrorAction.REPLACE)
                .decode(ByteBuffer.wrap(bytes), decoded, false);
        return clean(decoded.flip().toString(), MAX_KEPT);
    }

    /** Text from an endpoint, without control characters and cut to a length. */
    static String clean(String text, int longest) {
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints()
                .limit(longest)
                .filter(c -> c != '\r')
                .map(c -> Character.isISOControl(c) && c != '\n' && c != '\t' ? 0xFFFD : c)
                .forEach(clean::appendCodePoint);
        return clean.toString();
    }

    /**
     * {@code Retry-After}, RFC 9110, section 10.2.3: seconds or a date. Any other value is ignored.
     */
    static Optional<Duration> retryAfter(ClassicHttpResponse response, Instant now) {
        @Nullable Header header = response.getFirstHeader(HttpHeaders.RETRY_AFTER);
        if (header == null) {
            return Optional.empty();
        }
        String value = header.getValue().strip();
        if (!value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of(
                    value.length() > 9 ? MAX_RETRY_AFTER : seconds(Long.parseLong(value)));
        }
        return date(value).map(at -> seconds(Math.max(0, Duration.between(now, at).toSeconds())));
    }

    /**
     * RFC 9110, section 5.6.7: a date in one of three formats. Some receivers say a zone in numbers
     * (RFC 5322), or the date as in JSON (RFC 3339).
     */
    private static Optional<Instant> date(String value) {
        @Nullable Instant usual = DateUtils.parseStandardDate(value);
        if (usual != null) {
            return Optional.of(usual);
        }
        for (Function<String, Instant> format : OTHER_DATES) {
            try {
                return Optional.of(format.apply(value));
            } catch (DateTimeParseException e) {
                LOG.trace("Not a date of this format: {}", e.getMessage());
            }
        }
        return Optional.empty();
    }

    private static Duration seconds(long seconds) {
        return Duration.ofSeconds(Math.min(seconds, MAX_RETRY_AFTER.toSeconds()));
    }

    static Answered answered(
            ClassicHttpResponse response, Body body, Instant now, Duration duration) {
        return new Answered(response.getCode(), retryAfter(response, now), body.start(), duration);
    }
}
