import type { Turn } from '@selfsame/client';
import { StyleSheet, Text, View } from 'react-native';

// The preview is as in a mirror: the person's left is on the left. In the middle, so that no layout from right to left moves it.
const ARROWS: Record<Turn, string> = { left: '\u2190', right: '\u2192', up: '\u2191' };

/** An oval for a face, or a frame for a card, and an arrow where a head is to turn. It takes no touches and says nothing to a screen reader: the hint does. */
export function CaptureGuide({ subject, turn }: { readonly subject: 'selfie' | 'id_card'; readonly turn?: Turn | undefined }) {
  return (
    <View style={styles.layer} pointerEvents="none" importantForAccessibility="no-hide-descendants" aria-hidden>
      <View style={subject === 'selfie' ? styles.oval : styles.card} />
      {turn && (
        <Text style={styles.arrow} testID="selfsame-arrow">
          {ARROWS[turn]}
        </Text>
      )}
    </View>
  );
}

const styles = StyleSheet.create({
  layer: { ...StyleSheet.absoluteFillObject, alignItems: 'center', justifyContent: 'center' },
  oval: { height: '70%', aspectRatio: 3 / 4, borderWidth: 3, borderColor: '#ffffff', borderRadius: '50%' },
  arrow: { position: 'absolute', top: '4%', color: '#ffffff', fontSize: 72, lineHeight: 80, fontWeight: '700', textShadowColor: '#000000', textShadowRadius: 6 },
  // The proportions of ISO/IEC 7810 ID-1.
  card: { width: '85%', aspectRatio: 85.6 / 53.98, borderWidth: 3, borderColor: '#ffffff', borderRadius: 12 },
});
