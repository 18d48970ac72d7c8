package dev.mailbell.network.socket;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;

/**
 * Corrects the headers that say where a response ends. The HTTP client refuses a response whose
 * length or transfer coding it cannot read, although the status is there.
 */
final class ResponseEnd {
    private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

    private ResponseEnd() {}

    /**
     * Corrects the headers; answers whether the two sides may disagree about where the response
     * ends.
     */
    static boolean correct(ClassicHttpResponse response) {
        boolean ambiguous = correctCoding(response);
        return correctLength(response) || ambiguous;
    }

    /** RFC 9112, section 6.3: a body is in chunks when the last coding is {@code chunked}. */
    private static boolean correctCoding(ClassicHttpResponse response) {
        if (!response.containsHeader(HttpHeaders.TRANSFER_ENCODING)) {
            return false;
        }
        List<String> codings = values(response, HttpHeaders.TRANSFER_ENCODING);
        codings.replaceAll(coding -> coding.split(";", 2)[0].strip());
        codings.removeIf(coding -> coding.isEmpty() || coding.equals("identity"));
        response.removeHeaders(HttpHeaders.TRANSFER_ENCODING);
        if (codings.isEmpty()) {
            return false;
        }
        if (codings.getLast().equals("chunked")) {
            response.addHeader(HttpHeaders.TRANSFER_ENCODING, "chunked");
        }
        codings.removeIf(coding -> coding.equals("chunked"));
        if (!codings.isEmpty() && !response.containsHeader(HttpHeaders.CONTENT_ENCODING)) {
            // The content is not decoded; so it is not shown as text either.
            response.addHeader(HttpHeaders.CONTENT_ENCODING, String.join(", ", codings));
        }
        return !codings.isEmpty();
    }

    /** One length that is said several times is that length; of any other no body is read. */
    private static boolean correctLength(ClassicHttpResponse response) {
        Header[] lengths = response.getHeaders(HttpHeaders.CONTENT_LENGTH);
        if (lengths.length == 0) {
            return false;
        }
        String first = String.valueOf(lengths[0].getValue());
        boolean readable = LENGTH.matcher(first).matches();
        if (lengths.length == 1 && readable) {
            return false;
        }
        Set<String> values = new TreeSet<>(values(response, HttpHeaders.CONTENT_LENGTH));
        String only = values.size() == 1 ? values.iterator().next() : "";
        String length = readable ? first : LENGTH.matcher(only).matches() ? only : "0";
        ResponseHeadReader.replace(response, HttpHeaders.CONTENT_LENGTH, length);
        return true;
    }

    /** The values of all headers with a name, in lower case. */
    private static List<String> values(ClassicHttpResponse response, String name) {
        List<String> values = new ArrayList<>();
        for (Header header : response.getHeaders(name)) {
            for (String value : String.valueOf(header.getValue()).split(",", -1)) {
                values.add(value.strip().toLowerCase(Locale.ROOT));
            }
        }
        return values;
    }
}
