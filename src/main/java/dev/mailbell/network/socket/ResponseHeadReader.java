package dev.mailbell.network.socket;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ConnectionClosedException;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.io.HttpMessageParser;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.apache.hc.core5.http.message.BasicHeader;
import org.jspecify.annotations.Nullable;

/**
 * Reads the response heads of one connection. Everything up to the end of the final head,
 * informational responses included, shares one budget of octets. A final status is valid even when
 * its headers exceed the budget: they are truncated, and the connection is not used again, as after
 * every response whose end is ambiguous. Not thread-safe.
 */
public final class ResponseHeadReader implements HttpMessageParser<ClassicHttpResponse> {
    /** For one request: informational heads, status line and headers together. */
    public static final int MAX_OCTETS = 64 * 1024;

    /**
     * The header that marks a truncated head; no peer can send it, because its name has a space.
     */
    public static final String TRUNCATED = "mailbell cut";

    private static final int MAX_EMPTY_LINES = 4;

    /** The reason may have any octets: UTF-8 has octets that would end a line in ISO 8859-1. */
    private static final Pattern STATUS =
            Pattern.compile("HTTP/(\\d)(?:\\.(\\d))?[ \t]+([1-9]\\d\\d)(?:\\s.*)?", Pattern.DOTALL);

    private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    private @Nullable SessionInputBuffer buffer;

    /** Octets of the budget used for the current request. */
    private int octets;

    /** Whether a response was read before; stray octets of it may precede the next one. */
    private boolean reused;

    /** Whether the two sides may disagree about where the response ends. */
    private boolean endAmbiguous;

    /** Whether octets are buffered that belong to no response. */
    public boolean hasUnread() {
        SessionInputBuffer read = buffer;
        return read != null && read.length() > 0;
    }

    /** Starts the budget of the next request. */
    public void begin() {
        octets = 0;
        endAmbiguous = false;
    }

    @Override
    public @Nullable ClassicHttpResponse parse(SessionInputBuffer from, InputStream in)
            throws IOException, ProtocolException {
        buffer = from;
        Matcher status = status(from, in);
        if (status == null) {
            return null;
        }
        int code = Integer.parseInt(status.group(3));
        BasicClassicHttpResponse response = new BasicClassicHttpResponse(code);
        response.setVersion(
                status.group(1).equals("1") && "0".equals(status.group(2))
                        ? HttpVersion.HTTP_1_0
                        : HttpVersion.HTTP_1_1);
        List<Header> headers = new ArrayList<>();
        boolean whole = headers(from, in, headers);
        headers.forEach(response::addHeader);
        reused = true;
        if (code < 200) {
            if (!whole) {
                throw tooMuch();
            }
            return response;
        }
        decideReuse(response, whole);
        return response;
    }

    /** The status line; null when the connection ended before a response began. */
    private @Nullable Matcher status(SessionInputBuffer from, InputStream in)
            throws IOException, ProtocolException {
        int empty = 0;
        while (true) {
            StringBuilder line = new StringBuilder();
            End end = line(from, in, line);
            if (end == End.STREAM) {
                if (line.isEmpty() || reused) {
                    return null;
                }
                throw new ConnectionClosedException("closed within the status line");
            }
            // On a reused connection, the rest of an earlier response precedes this one, and may be
            // on the same line.
            int start = reused ? line.indexOf("HTTP/") : 0;
            Matcher matcher = STATUS.matcher(line.substring(Math.max(0, start)));
            if (matcher.matches()) {
                // A reason phrase that exceeds the budget leaves the status valid; no headers are
                // read then.
                endAmbiguous |= start > 0;
                return matcher;
            }
            if (end == End.BUDGET) {
                throw tooMuch();
            }
            if (reused && !line.isEmpty()) {
                endAmbiguous = true;
            } else if (!line.isEmpty()) {
                throw new ProtocolException(
                        "no status line: " + line.substring(0, Math.min(100, line.length())));
            } else if (++empty > MAX_EMPTY_LINES) {
                throw new ProtocolException("empty lines instead of a status line");
            }
        }
    }

    /** Reads headers; false when the budget ended first. */
    private boolean headers(SessionInputBuffer from, InputStream in, List<Header> headers)
            throws IOException {
        while (true) {
            StringBuilder line = new StringBuilder();
            End end = line(from, in, line);
            if (end == End.BUDGET) {
                return false;
            }
            if (end == End.STREAM) {
                throw new ConnectionClosedException("closed within the headers");
            }
            if (line.isEmpty()) {
                return true;
            }
            if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
                fold(headers, line.toString().strip());
                continue;
            }
            int colon = line.indexOf(":");
            String name = colon < 0 ? "" : line.substring(0, colon);
            if (NAME.matcher(name).matches()) {
                headers.add(new BasicHeader(name, line.substring(colon + 1).strip()));
            } else {
                endAmbiguous = true;
            }
        }
    }

    private void fold(List<Header> headers, String more) {
        if (headers.isEmpty()) {
            endAmbiguous = true;
            return;
        }
        Header last = headers.removeLast();
        headers.add(new BasicHeader(last.getName(), (last.getValue() + " " + more).strip()));
    }

    /**
     * Marks the response with {@code Connection: close} where the head forbids using the connection
     * again.
     */
    private void decideReuse(BasicClassicHttpResponse response, boolean whole) {
        if (!whole) {
            response.removeHeaders(HttpHeaders.TRANSFER_ENCODING);
            replace(response, HttpHeaders.CONTENT_LENGTH, "0");
            replace(response, HttpHeaders.CONNECTION, "close");
            response.addHeader(TRUNCATED, "");
            return;
        }
        endAmbiguous |= ResponseEnd.correct(response);
        boolean hasTransferCoding = response.containsHeader(HttpHeaders.TRANSFER_ENCODING);
        String length = value(response, HttpHeaders.CONTENT_LENGTH);
        int code = response.getCode();
        if (code == 205 && !hasTransferCoding && length.isEmpty()) {
            // RFC 9110, section 15.3.6: it has no content, although its end is not marked.
            response.addHeader(HttpHeaders.CONTENT_LENGTH, "0");
            endAmbiguous = true;
        }
        boolean bodiless = code == 204 || code == 304;
        if (endAmbiguous
                || (hasTransferCoding && !length.isEmpty())
                || (bodiless && (hasTransferCoding || !(length.isEmpty() || length.equals("0"))))
                || (bodiless && hasUnread())) {
            replace(response, HttpHeaders.CONNECTION, "close");
        }
    }

    static void replace(ClassicHttpResponse response, String name, String value) {
        response.removeHeaders(name);
        response.addHeader(name, value);
    }

    private static String value(ClassicHttpResponse response, String name) {
        Header header = response.getFirstHeader(name);
        return header == null ? "" : String.valueOf(header.getValue()).toLowerCase(Locale.ROOT);
    }

    private enum End {
        LINE,
        STREAM,
        BUDGET
    }

    /** Reads a line without its line break, in ISO 8859-1. */
    private End line(SessionInputBuffer from, InputStream in, StringBuilder line)
            throws IOException {
        while (true) {
            if (octets >= MAX_OCTETS) {
                return End.BUDGET;
            }
            int octet = from.read(in);
            if (octet < 0) {
                return End.STREAM;
            }
            octets++;
            if (octet == '\n') {
                if (!line.isEmpty() && line.charAt(line.length() - 1) == '\r') {
                    line.setLength(line.length() - 1);
                }
                return End.LINE;
            }
            line.append((char) octet);
        }
    }

    private static ResponseTooLongException tooMuch() {
        return new ResponseTooLongException(
                "more than " + MAX_OCTETS / 1024 + " KiB came before the answer");
    }
}
