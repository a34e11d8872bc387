import { createElement, useEffect, useImperativeHandle, useRef } from 'react';

import type { CameraViewProps, PlatformCamera } from './camera';

const constraints = (side: 'front' | 'back'): MediaStreamConstraints => ({
  audio: false,
  video: { facingMode: side === 'front' ? 'user' : 'environment', width: { ideal: 1280 }, height: { ideal: 960 } },
});

function View({ side, shutter, onReady, onFailure }: CameraViewProps) {
  const video = useRef<HTMLVideoElement>(null);
  useImperativeHandle(shutter, () => ({ take: () => frame(video.current) }));
  useEffect(() => {
    let stream: MediaStream | undefined;
    let left = false;
    navigator.mediaDevices.getUserMedia(constraints(side)).then(
      async (opened) => {
        stream = opened;
        if (left || !video.current) return stop(opened);
        video.current.srcObject = opened;
        await video.current.play();
        onReady();
      },
      (cause: unknown) => {
        const missing = cause instanceof DOMException && cause.name === 'NotFoundError';
        onFailure(missing ? 'no_camera' : 'camera_failed', cause);
      },
    );
    return () => {
      left = true;
      if (stream) stop(stream);
    };
  }, [side, onReady, onFailure]);
  // The preview is mirrored as a mirror is; the pictures are not.
  const style = { width: '100%', height: '100%', objectFit: 'cover', transform: side === 'front' ? 'scaleX(-1)' : 'none' };
  return createElement('video', { ref: video, playsInline: true, muted: true, style });
}

const stop = (stream: MediaStream): void => stream.getTracks().forEach((track) => track.stop());

async function frame(video: HTMLVideoElement | null): Promise<Uint8Array> {
  if (!video?.videoWidth) throw new Error('the camera has no picture yet');
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
  if (!blob) throw new Error('the picture could not be encoded');
  return new Uint8Array(await blob.arrayBuffer());
}

/** The camera in browsers. */
export const platformCamera: PlatformCamera = {
  async requestPermission() {
    try {
      stop(await navigator.mediaDevices.getUserMedia({ video: true }));
      return true;
    } catch (error) {
      // Another failure than a refusal is told by the camera's view.
      return !(error instanceof DOMException && error.name === 'NotAllowedError');
    }
  },
  View,
};
