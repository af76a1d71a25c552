export * from './client';
export * from './events';
export * from './numbered';
export * from './request';
export * from './tokens';
export * from './types';
