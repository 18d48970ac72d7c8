package dev.mailbell.ui;

import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/** Writes pictures of pages as PNG files of 256 colours, which are small enough to be kept. */
final class Pictures {
    private static final int COLOURS = 256;

    /** Colours that differ by less are one. */
    private static final int MASK = 0xf8f8f8;

    private Pictures() {}

    static void write(byte[] png, Path file) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
        int width = image.getWidth();
        int height = image.getHeight();
        int[] pixels = image.getRGB(0, 0, width, height, null, 0, width);
        Map<Integer, int[]> counts = new HashMap<>();
        for (int pixel : pixels) {
            int[] count = counts.computeIfAbsent(pixel & MASK, any -> new int[] {0, pixel});
            count[0]++;
        }
        List<int[]> most =
                counts.values().stream()
                        .sorted(Comparator.comparingInt((int[] count) -> count[0]).reversed())
                        .limit(COLOURS)
                        .toList();
        int[] palette = most.stream().mapToInt(count -> count[1] | 0xff000000).toArray();
        IndexColorModel colours =
                new IndexColorModel(8, palette.length, palette, 0, false, -1, DataBuffer.TYPE_BYTE);
        BufferedImage small =
                new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, colours);
        Map<Integer, Integer> places = new HashMap<>();
        byte[] indexes = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i++) {
            int pixel = pixels[i];
            indexes[i] =
                    (byte)
                            (int)
                                    places.computeIfAbsent(
                                            pixel & MASK, any -> nearest(palette, pixel));
        }
        small.getRaster().setDataElements(0, 0, width, height, indexes);
        ImageIO.write(small, "png", file.toFile());
    }

    private static int nearest(int[] palette, int pixel) {
        int best = 0;
        int least = Integer.MAX_VALUE;
        for (int i = 0; i < palette.length; i++) {
            int distance = 0;
            for (int shift = 0; shift <= 16; shift += 8) {
                int difference = ((palette[i] >> shift) & 0xff) - ((pixel >> shift) & 0xff);
                distance += difference * difference;
            }
            if (distance < least) {
                least = distance;
                best = i;
            }
        }
        return best;
    }
}
